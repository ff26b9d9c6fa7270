"""Depth-first search by replay: every schedule with at most `bound` preemptions (or crashes) of a tiny configuration:
two workers of one partition, two appends already there, events of chosen kinds; expiry and flaky failures are choices too."""
import sys, time
from state import *; from actors import *; import run as R

class Script:
    def __init__(s, prefix): s.pre, s.made, s.dups = prefix, [], False
    def __call__(s, n):
        i = len(s.made); c = s.pre[i][0] if i < len(s.pre) else 0
        s.made.append((c, n)); return c

def once(F, hist, prefix, bound, reader_on):
    ch = Script(prefix); S = State(F, ch); S.poison, S.viewlost, S.shared = True, False, None; S.loops = 3
    S.choose = lambda n: (ch(2) if n == 2 else {3: 1, 4: 1}.get(n, 0))         # leases may expire at any time; flaky: both
    for evs in hist: p_append(S, 0, evs)
    A = {'w1': worker(S, 'w1', 0, 1, 1), 'w2': worker(S, 'w2', 0, 1, 1)}
    if reader_on: A['op'] = operator(S, 1)
    S.choose.__dict__['dups'] = False
    cur, left, steps = 'w1', bound, 0
    while A and steps < 140:
        steps += 1; names = sorted(A)
        if cur not in A: cur = names[ch(len(names))]
        elif left:
            others = [a for a in names if a != cur]; c = ch(len(others) + 2)     # stay, switch, or crash
            if 1 <= c <= len(others): cur = others[c - 1]; left -= 1
            elif c == len(others) + 1: A.pop(cur); left -= 1; continue
        S.actor = cur
        try: next(A[cur])
        except StopIteration: A.pop(cur)
    class C:
        dups = False
        def __call__(s, n): return n - 1 if n in (2, 3) else 0
    S.choose, S.calm, S.fixed = C(), True, True
    for rnd in range(3):
        for s in S.part[0].gen[1].parked: p_ask(S, 0, 1, s, 'retry')
        S.actor = f'z{rnd}'
        for _ in worker(S, f'z{rnd}', 0, 1, 1): pass
    R.quiescent(S, True)
    return ch.made

def dfs(F, hist, bound, limit, reader_on=False):
    n, bad, t = 0, {}, time.time()
    for prefix in paths(F, hist, bound, reader_on, bad):
        n += 1
        if time.time() - t > limit: return n, bad, 'cut'
    return n, bad, 'complete'

def paths(F, hist, bound, reader_on=True, bad=None):
    """Runs every schedule, and yields the choices that lead to it."""
    prefix = []
    while True:
        try: made = once(F, hist, prefix, bound, reader_on)
        except Bad as b:
            if bad is None: raise
            bad[str(b).split()[0]] = bad.get(str(b).split()[0], 0) + 1
            made = LAST[0].made
        yield list(made and [c for c in made])
        while made and made[-1][0] + 1 >= made[-1][1]: made.pop()
        if not made: return
        prefix = made[:-1] + [(made[-1][0] + 1, made[-1][1])]
LAST = [None]
_i = Script.__init__
def init(s, p): _i(s, p); LAST[0] = s
Script.__init__ = init
HIST = {'plain': [[('a', 'T', None)], [('a', 'del', None)]], 'flaky': [[('a', 'T', 'flaky')], [('a', 'own', None)]], 'two': [[('a', 'X', None), ('b', 'T', 'det')], [('b', 'U', None)]]}
if __name__ == '__main__':
    F = set(sys.argv[1].split(',')) - {''}
    for h in HIST: print(h, 'bound', sys.argv[2], dfs(F, HIST[h], int(sys.argv[2]), float(sys.argv[3]), True), flush=True)
