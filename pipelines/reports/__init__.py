"""What people read of a published file: the report page, the workbook, the terminal summary, status and queries.

Reports select and lay out rows. The SQL models in sql/ compute every result.
"""
