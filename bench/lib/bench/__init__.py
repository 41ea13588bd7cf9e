"""What bench/run and bench/scale share.

    figures.py    medians, percentiles, the limit: pure functions
    scenarios.py  the table of scenarios
    processes.py  processor time and memory of groups of processes
    load.py       what a run gives; runs of wrk, and what wrk prints
    users.py      customers, tokens, goods: the same for all services
    client.py     one client: filling a service, recording its answers
    shop.py       our service: builds it, starts and fills it
    peers.py      the peer in PHP, and those that run already
    empty.py      the service without a database
    raw.py        the store without a service
    login.py      the load of logins
    started.py    starting and stopping what is measured
    machine.py    what the machine is, in words
    report.py     RESULTS.md, results.json, results.svg
    parts.py      what bench/scale measures: the sizes, markets, workers ...
    growth.py     a market with very many orders
    probe.py      what a request costs that one client makes

A service that is measured is an object with

    name                    of its column
    measures(scenario)      whether it can do the scenario
    measure(scenario, seconds, connections)
                            a load.Run
    groups()                {name: pids}, for the processor time
    workers()               the pids of its workers, for their memory

The modules use Python's standard library only.
"""
