from .report import write_report as write_report
from .statistics import Comparison as Comparison
from .statistics import calibration_table as calibration_table
from .statistics import compare as compare
from .statistics import spearman_ceiling as spearman_ceiling
