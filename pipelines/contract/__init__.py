"""The data contract: every table and column, with type, unit and description.

Arrow schemas, DDL, comments and the readers of the API's bodies derive from these definitions.
"""
