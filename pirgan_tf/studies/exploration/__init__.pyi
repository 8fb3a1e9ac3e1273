from .dynamics import Dynamics as Dynamics
from .tasks import TASKS as TASKS
from .tasks import Task as Task
from .training import explore as explore
