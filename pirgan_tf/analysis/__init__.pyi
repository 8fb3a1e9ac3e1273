from .report import write_report as write_report
from .statistics import Comparison as Comparison
from .statistics import calibration_table as calibration_table
from .statistics import compare as compare
from .statistics import format_p as format_p
from .statistics import spearman_ceiling as spearman_ceiling
