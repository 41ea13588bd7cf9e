"""Many at once."""
import threading

from .common import poll


def at_once(jobs, width=None):
    """Runs the callables in threads, started together; their results in order.

    An exception in one of them is raised here.
    """
    jobs = list(jobs)
    width = min(width or len(jobs), len(jobs))
    results = [None] * len(jobs)
    failures = []
    todo = iter(range(len(jobs)))
    lock = threading.Lock()
    barrier = threading.Barrier(width)

    def work():
        barrier.wait()
        while not failures:
            with lock:
                i = next(todo, None)
            if i is None:
                return
            try:
                results[i] = jobs[i]()
            except BaseException as e:      # raised again below
                failures.append(e)

    threads = [threading.Thread(target=work) for _ in range(width)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise failures[0]
    return results


class RepeatedJobs:
    """Threads that repeat a job each until the with block ends."""

    def __init__(self, jobs):
        self.jobs = jobs
        self.results = []
        self.failures = []
        self.done = threading.Event()

    def __enter__(self):
        self.threads = [threading.Thread(target=self._run, args=(job,))
                        for job in self.jobs]
        for t in self.threads:
            t.start()
        return self

    def _run(self, job):
        while not self.done.is_set():
            try:
                self.results.append(job())
            except BaseException as e:      # raised again at the end
                self.failures.append(e)
                return

    def __exit__(self, kind, *_):
        self.done.set()
        for t in self.threads:
            t.join()
        if kind is None and self.failures:
            raise self.failures[0]

    def wait_for(self, n):
        """Until n more results have come."""
        n += len(self.results)
        poll(f"{n} results under load",
             lambda: self.failures or len(self.results) >= n, interval=0.01)
