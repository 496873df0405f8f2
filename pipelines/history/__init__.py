"""Complete snapshots, one after the other -> what every record was, and when: type 2, folded forward.

    state      which files make the history of a scope, and which snapshots it has taken in
    versions   the SELECTs that compare two snapshots of one table
    fold       state(n) = fold(state(n - 1), snapshot(n)): what a run adds costs what a snapshot does, however many
               there were; folding from nothing ends in the same state
    judged     which files hold the results of the snapshots that were judged
    keep       which snapshots are to be folded, and files that no state names any more

Parquet below DIR/history, so that it outlives the DuckDB file. Does not belong here: judging (sql/), or filling the
draft (sources.py).
"""
