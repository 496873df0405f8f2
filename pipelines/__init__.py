"""cbr-warehouse: what backups of Huawei Cloud CBR are really there, and whether that is enough.

extract    asks the service and lands its answers as sent        extract/     (sandbox/ stands in for the service)
normalize  turns landed bodies into four tables                  normalize/   (contract/ says which columns)
history    folds snapshots into what everything was, and when    history/
load       writes them as Parquet and into a DuckDB draft        load/
policy     puts the thresholds beside them                       policy/
model      runs the SELECTs of sql/ in the draft and audits it   models/
publish    renames the draft to the file that analysts open      load/
report     answers from the published file                       reports/
All of it runs as one Dagster job (orchestration/, definitions.py) or from the command line (cli/).
"""
