"""Schedulers (seeded random walks; depth-first with a preemption bound) and the checks at quiescence."""
import sys, random, time, collections
from state import *; from actors import *

SCEN = { # writers' appends, poison, rebuild, cancel, failover of a log slot, of a view shard
 'core': dict(n=4), 'park': dict(n=4, poison=1), 'rebuild': dict(n=4, rebuild=1), 'cancel': dict(n=3, rebuild=1, cancel=1),
 'rebpark': dict(n=4, rebuild=1, poison=1, cancel=1), 'fail': dict(n=4, fail=1), 'failpark': dict(n=4, fail=1, poison=1),
 'failreb': dict(n=4, fail=1, rebuild=1), 'viewfail': dict(n=4, vfail=1), 'flip': dict(n=9, rebuild=1, readers=4), 'shared': dict(n=9, shared=1),
 'again': dict(n=9, rebuild=3, cancel=1, readers=4), 'drops': dict(n=4, poison=1, asks=9),
 'all': dict(n=5, poison=1, rebuild=1, cancel=1, fail=1)}

class Rng:
    def __init__(s, seed, dups): s.r = random.Random(seed); s.dups = dups
    def __call__(s, n): return int(s.r.random() * n)

def run(F, scen, seed, trace=None):
    c = SCEN[scen]; ch = Rng(seed, True); r = ch.r; S = State(F, ch); S.poison, S.viewlost, S.shared = c.get('poison'), False, c.get('shared')
    A = {}; serial = [0]; label = {}; later = []
    def spawn(name, gen): A[name] = gen
    def workers(g, k):
        for p in (0, 1):
            for _ in range(k): serial[0] += 1; spawn(f'w{serial[0]}.p{p}g{g}', worker(S, f'w{serial[0]}', p, g))
    spawn('writer', writer(S, c['n'])); workers(1, 2); [spawn(f'reader{i}', reader(S, 3)) for i in range(c.get('readers', 1))]
    if S.poison: spawn('op', operator(S, c.get('asks', 3)))
    if c.get('rebuild'): workers(2, 2); c['rebuild'] > 1 and workers(3, 1); [(spawn(f'reb{i}', rebuilder(S, f'reb{i}')), later.append(f'reb{i}') if i > 1 else 0) for i in range(1, c['rebuild'] + 1)]
    if c.get('cancel') and r.random() < .6: spawn('cancel', canceller(S))
    if c.get('rebuild'): spawn('sweep', sweeper(S))
    steps, failed, prio, cur, mode = 0, False, {}, None, r.random()
    at = r.randrange(10, 160) if c.get('fail') or c.get('vfail') else -1
    slot = (1, r.randrange(2)) if c.get('vfail') else 0 if r.random() < .8 else 1
    snapat = max(1, at - r.randrange(2, 80)); asleep = {a: r.randrange(60, 500) for a in later}
    def step(name):
        S.actor = name
        if trace is not None and name in label: trace.append(f'{name}: {label[name]}')
        try: label[name] = next(A[name])
        except StopIteration: A.pop(name)
    while A and steps < 900:
        steps += 1
        if steps == snapat: snapshot(S, slot); trace is not None and trace.append(f'   ---- replica of slot {slot} stops following')
        if steps == at and failover(S, slot):
            trace is not None and trace.append(f'   ==== FAILOVER slot {slot} log={[e[0] for e in S.part[0].log]} lost={S.lost}')
            if isinstance(slot, tuple): S.viewlost = True
            spawn('writer2', writer(S, r.randrange(0, 4))); workers(1, 1)
        x = r.random()
        if x < .02:                                             # crash (and a new process), long sleep, late copy of a commit
            vic = [a for a in A if a[0] == 'w' and '.' in a or a[:3] in ('reb', 'can')]
            if vic and serial[0] < 16:
                v = r.choice(vic); sleeps = v[0] == 'r' and r.random() < .5      # a coordinator that is only slow is replaced, too
                if sleeps: asleep[v] = steps + r.randrange(20, 400)
                else: A.pop(v)
                trace is not None and trace.append(f'   {"SLEEP" if sleeps else "CRASH"} {v} before {label.get(v, "its start")}')
                if v[0] == 'w': workers(int(v[-1]), 1)
                elif v[0] == 'c': pass
                else: serial[0] += 1; spawn(f'reb{serial[0]}', rebuilder(S, f'reb{serial[0]}'))
        elif x < .06: asleep[r.choice(list(A))] = steps + r.randrange(5, 150)
        elif x < .08 and S.dup: trace is not None and trace.append('   late copy of a commit'); S.dup.pop(r.randrange(len(S.dup)))()
        en = [a for a in A if asleep.get(a, 0) <= steps] or list(A)
        if cur not in en or r.random() < (.12 if mode < .5 else .5): cur = r.choice(en)
        step(cur)
    # ---- calm: everyone still there finishes in random order, then fresh workers run until nothing moves
    while A: step(r.choice(list(A)))
    for d in S.dup: d()
    S.calm = True; trace is not None and trace.append('   ==== CALM')
    def run_alone(name, gen):
        spawn(name, gen)
        while A: step(list(A)[0])
    if 'sweep' in F: run_alone('sweep', sweeper(S))
    S.choose = lambda n: 0; S.choose = type('C', (), {'dups': False, '__call__': lambda s, n: n - 1 if n in (2, 3) else 0})()
    flaky_fixed = r.random() < .7
    for rnd in range(4):
        if flaky_fixed:
            S.fixed = True
            for p in (0, 1):
                for g, G in S.part[p].gen.items():
                    for s in G.parked: p_ask(S, p, g, s, 'retry')
        for g in sorted({g for P in S.part for g in P.gen}):
            for p in (0, 1):
                serial[0] += 1; spawn(f'z{serial[0]}.p{p}g{g}', worker(S, f'z{serial[0]}', p, g, 3))
                while A: step(list(A)[0])
        if S.rebuild: run_alone('rebz', rebuilder(S, 'rebz'))
        if 'sweep' in F: run_alone('sweep', sweeper(S))
        if not S.rebuild and not any(G.parked or P.log and G.settled < P.log[-1][0] for P in S.part for G in P.gen.values()): break
    quiescent(S, flaky_fixed); return steps

def quiescent(S, fixed):
    for i in {u for u in S.lost}:
        for (g, sh), H in S.view.items():
            if g not in S.stopped and any(u == i for u, _ in H.applied) and g not in S.cancelled: raise Bad(f'UNDETECTED: lost {i} in gen {g} shard {sh}')
    if S.stopped and not S.lost: raise Bad('FALSE ALARM: stopped though nothing was lost')
    if S.live in S.stopped: return
    for g in {S.live}:
        for p, P in enumerate(S.part):
            G = P.gen.get(g)
            if not G: raise Bad(f'live generation {g} has no keys in partition {p}')
            if G.frozen: raise Bad(f'STUCK: live generation {g} stays fenced in partition {p}')
            if P.log and G.settled != P.log[-1][0]: raise Bad(f'STUCK: gen {g} p{p} settled {G.settled} of {P.log[-1][0]}')
            for st, evs in P.streams.items():
                for e in evs:
                    for sh, k in keys(e):
                        H = S.view[g, sh]; n = (e.uid, k) in H.applied
                        dr = (st, e.v) in (H.drops if 'note' in S.F else G.dropped)
                        pk = e.v >= G.parked.get(st, 99)
                        if 'note' in S.F: pk = pk and st in H.notes and H.notes[st][0] < e.v
                        if not n and not dr and not pk: raise Bad(f'SKIPPED {e} in {k} of gen {g}')
                        if n and (dr or pk): raise Bad(f'PARTIAL: {e} applied to {k} of gen {g} though {"dropped" if dr else "parked"}')
                        if n and (st, e.v) in G.dropped and not S.viewlost: raise Bad(f'WRONG DROP of {e}, which {k} of gen {g} has')
                        if dr and (st, e.v) not in G.dropped: raise Bad(f'DROP RECORD LOST {st}{e.v}')
    for (g, sh), H in S.view.items():
        if g != S.live: continue
        for k in {k for _, k in H.applied} | set(H.rows):
            ap = [u for u, kk in H.applied if kk == k]; val = None
            for u in ap:
                e = next(e for e in S.part[PARTS[u[0]]].streams[u[0]] if e.uid == u); val = evolve(k, val, e)
            if H.rows.get(k, (0, None))[1] != val: raise Bad(f'VALUE {k}')
    for g in S.cancelled:
        if any(gg == g for gg, _ in S.view) or any(g in P.gen for P in S.part): raise Bad(f'ORPHAN keys of cancelled generation {g}')

def explore(F, scen, seeds, ignore=()):
    found, best, steps, n = collections.Counter(), {}, 0, 0
    for seed in seeds:
        n += 1
        try: steps += run(F, scen, seed)
        except Bad as b:
            w = str(b).split()[0] if str(b).split()[0].isupper() else ' '.join(str(b).split()[:3])
            if w in ignore: continue
            found[w] += 1
            t = []
            try: run(F, scen, seed, t)
            except Bad: pass
            if w not in best or len(t) < best[w][0]: best[w] = (len(t), seed, str(b))
    return found, best, n, steps

if __name__ == '__main__':
    F = set(sys.argv[1].split(',')) - {''}; scens = sys.argv[2].split(','); a, b = int(sys.argv[3]), int(sys.argv[4])
    if len(sys.argv) > 5:
        t = []
        try: run(F, scens[0], a, t); print('no violation')
        except Bad as e: print('\n'.join(t)); print('VIOLATION', e)
        sys.exit()
    for s in scens:
        t0 = time.time(); f, best, n, st = explore(F, s, range(a, b))
        print(f'{s:9} {n} runs {st} steps {time.time()-t0:.0f}s', dict(f), {k: v[1:] for k, v in best.items()}, flush=True)
