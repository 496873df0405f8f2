"""HTTP -> landing: read the backups of every cloud and keep the response bodies as sent.

    scopes, scope_result, run, snapshot     all clouds side by side; how one ends; its run; the steps of one snapshot
    listing, backup_list                    the list of backups, and the checks that it is complete
    details, reuse                          their details, and those that are not read again
    client, responses                       requests for backups and what the responses mean
    retry, rate_limit, transport, watchdog  waiting, slowing down, deadlines, cancelling
    clouds, cloud_checks, certificates      an entry of clouds.yaml and its checks
    session, login, login_errors            from that entry to an open scope
    endpoint, scope
    projects                                from an entry without a project to all of its user's
    sandbox_scope                           the sandbox in the place of such an entry
    credentials, aksk, redactor             tokens, signatures, and keeping secrets out of messages

It knows nothing of tables: what is landed here is read by normalize/.
"""
