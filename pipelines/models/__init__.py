"""The SELECTs of sql/ as models: their order, columns, controls, reasons, audits and portability.

They are run in a draft by warehouse/.
"""
