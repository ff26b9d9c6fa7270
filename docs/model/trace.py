"""Writes runs of the model as traces: every call with its outcome, to be replayed against the scripts. Runs are chosen so that
every call meets every outcome, every actor dies before every step, and every refusal comes behind what may have caused it."""
import collections, gzip, re, sys
import state, actors, run, dfs
from state import PARTS, SHARDS, ZERO, Bad

LOG, CALM = [], [False]
def pos(i): return '0' if i == ZERO else f'{i[0]}.{i[1]}'
def val(key, v): return '-' if v is None else '.'.join(map(str, v)) if key[0] == 'r' else '.'.join(f'{s}{n}' for s, n in sorted(v))
def many(items): return ','.join(sorted(items)) or '-'
def line(ids): return ','.join(map(pos, ids)) or '-'
def refused(r): return 'none' if r is None or r is False else r if isinstance(r, str) else None
def done(r): return 'LOST' if r == 'LOST' else 'done' if r else 'none'
def entries(r): return refused(r) or line(e[0] for e in r)
def note(n): return f'{n[0]}@{pos(n[1])}'
def drops(ds): return many(f'{s}{v}' for s, v in ds)
def vec(d): return many(f'{sh}:{pos(i)}' for sh, i in d.items())
def asked(d): return many(f'{s}:{w}' for s, w in d.items())
def rows(rs): return many(f'{k}~{r}~{val(k, v)}' for k, (r, v) in rs.items())

def commit(S, g, sh, p, ep, me, cp, newcp, changed, evs, notes=(), ds=(), stream=None, replay=False):
    step = f'{stream} {note(cp)} {note(newcp)}' if stream else f'- {pos(cp)} {pos(newcp)}'
    written = ','.join(f'{k}~{r}~{val(k, old)}~{val(k, new)}' for k, (r, old, new) in changed.items()) or '-'
    return f'commit {g} {sh} {p} {ep} {me} {step} {written} {many(f"{s}:{note(n)}" for s, n in dict(notes).items())} {drops(ds)}'

ANSWERS = {  # call: how its arguments are written (behind S), how its outcome is
 'p_append': (lambda S, p, evs: f'append {p} {",".join(f"{s}:{k}" for s, k, _ in evs)}', pos),
 'p_acquire': (lambda S, p, g, me, least: f'acquire {p} {g} {me} {least}', str),
 'p_state': (lambda S, p, g, me, ep: f'state {p} {g} {ep} {me}',
             lambda r: refused(r) or f'{pos(r[0])} {int(r[3])} {vec(r[4])} {many(f"{s}{v}" for s, v in r[1].items())} {drops(r[2])}'),
 'p_check': (lambda S, p, ids: f'missing {p} {line(ids)}', lambda r: 'done' if r else 'LOST'),
 'p_pending': (lambda S, p, g, me, ep, last: f'pending {p} {g} {ep} {me} {pos(last)}', entries),
 'p_new': (lambda S, p, g, me, ep, last, n, fenced=True: f'next {p} {g} {ep} {me} {pos(last)} {n}', entries),
 'p_range': (lambda S, p, g, me, ep, last, n: f'range {p} {g} {ep} {me} {pos(last)} {n}', entries),
 'p_handover': (lambda S, p, g, me, ep, last: f'handover {p} {g} {ep} {me} {pos(last)}', done),
 'p_resolve': (lambda S, p, ents: f'resolve {p} {line(e[0] for e in ents)}', lambda r: 'LOST' if r is None else ','.join(f'{e.stream}{e.v}' for _, e in r)),
 'p_settle': (lambda S, p, g, me, ep, ids, v=None: f'settle {p} {g} {ep} {me} {line(ids)} {vec(v or {})}', done),
 'p_park': (lambda S, p, g, me, ep, s, v: f'park {p} {g} {ep} {me} {s} {v}', done),
 'p_unpark': (lambda S, p, g, me, ep, s: f'unpark {p} {g} {ep} {me} {s}', done),
 'p_drop': (lambda S, p, g, me, ep, s, v: f'drop {p} {g} {ep} {me} {s}{v}', done),
 'p_redrop': (lambda S, p, g, me, ep, ds: f'drop {p} {g} {ep} {me} {drops(ds)}', done),
 'p_wants': (lambda S, p, g, me, ep: f'requests {p} {g} {ep} {me}', lambda r: refused(r) or asked(r)),
 'p_ask': (lambda S, p, g, s, what: f'ask {p} {g} {s} {what}', done),
 'p_stream': (lambda S, p, s: f'stream {p} {s}', lambda r: line(e.id for e in r)),
 'p_create': (lambda S, p, g, old: f'create {p} {g} {old}', lambda r: 'done'),
 'p_fence': (lambda S, p, old, new: f'fence {p} {old} {new}', lambda r: refused(r) or f'{r[0]} {pos(r[1])}'),
 'p_report': (lambda S, p, g, me, ep: f'report {p} {g} {ep} {me}', done),
 'p_outlook': (lambda S, p, g: f'outlook {p} {g}', lambda r: refused(r) or f'{pos(r[0])} {int(r[1])} {int(r[2])}'),
 'p_drops': (lambda S, p, g: f'dropped {p} {g}', drops),
 'p_asked': (lambda S, p, g: f'asked {p} {g}', asked),
 'p_arrival': (lambda S, p, g, i: f'arrival {p} {g} {pos(i)}', str),
 'p_delete': (lambda S, p, g: f'delete {p} {g}', lambda r: 'done'),
 'p_cancel': (lambda S, p, old, new: f'thaw {p} {new} {old}', lambda r: 'done'),
 'v_fence': (lambda S, g, sh, p, ep, me: f'enter {g} {sh} {p} {ep} {me}', lambda r: 'done' if r is True else r if r == 'gone' else f'refused {r - 1}'),
 'v_head': (lambda S, g, sh: f'head {g} {sh}', lambda r: refused(r) or
            f'{vec(r[0])} {many(f"{s}:{note(n)}" for s, n in r[1].items())} {drops(r[2])}'),
 'v_read': (lambda S, g, sh, p, ks: f'read {g} {sh} {p} {many(ks)}', None),
 'v_commit': (commit, str),
 'v_unnote': (lambda S, g, sh, p, ep, me, s: f'unnote {g} {sh} {p} {ep} {me} {s}', lambda r: 'done'),
 'v_create': (lambda S, g, sh: f'build {g} {sh}', lambda r: 'done'),
 'v_delete': (lambda S, g, sh: f'raze {g} {sh}', lambda r: 'done'),
 'm_live': (lambda S: 'live', str), 'm_rebuild': (lambda S: 'rebuild', lambda r: refused(r) or f'{r[0]} {r[1]}'),
 'm_gone': (lambda S: 'gone', lambda r: many(map(str, r))),
 'm_start': (lambda S, me: f'start {me}', lambda r: f'{r[0]} {r[1]}'),
 'm_keep': (lambda S, me, rb: f'keep {me} {rb[0]} {rb[1]}', done),
 'm_flip': (lambda S, rb: f'flip {rb[0]} {rb[1]}', done),
 'm_cancel': (lambda S, rb: f'cancel {rb[0]} {rb[1]}', done),
 'snapshot': (lambda S, slot: f'replica {slot if isinstance(slot, int) else "v%d.%d" % slot}', lambda r: 'done'),
 'failover': (lambda S, slot: f'failover {slot if isinstance(slot, int) else "v%d.%d" % slot}', done)}
READS = set('state missing pending range resolve requests stream outlook dropped asked arrival head read live rebuild gone keep all parked'.split())

def record(S, text, outcome):
    LOG.append((getattr(S, 'actor', '-'), text, outcome))
def recorded(name, f):
    written, answer = ANSWERS[name]
    def call(S, *args):
        text = written(S, *args); r = f(S, *args)
        if name == 'v_read':
            p = args[2]; out = refused(r) or f'{pos(r[0])} {rows({k: x for k, x in r[1].items() if x[0]})} {many(f"{s}:{note(n)}" for s, n in r[2].items() if PARTS[s] == p)}'
        else: out = answer(r)
        if not (name == 'failover' and not r): record(S, text, out)
        return r
    return call
for name in ANSWERS:
    f = recorded(name, getattr(state, name))
    for m in (state, actors, run, dfs):
        if hasattr(m, name): setattr(m, name, f)

RARE = 'again', 'cancel'                                     # refusals of a coordinator need more seeds

class Notes:
    def append(s, text):
        if text.startswith('   ') and not text.startswith('   ===='): LOG.append(('#', text.strip(), ''))
        CALM[0] |= 'CALM' in text

def last(S):
    """What everything must be in the end."""
    S.actor = 'end'; actors.m_live(S)
    for g in range(1, S.nextgen):
        for p in (0, 1):
            G = S.part[p].gen.get(g); actors.p_outlook(S, p, g); actors.p_drops(S, p, g) if G else None
            record(S, f'parked {p} {g}', many(f'{s}{v}' for s, v in G.parked.items()) if G else '-')
        for sh in SHARDS:
            actors.v_head(S, g, sh); H = S.view.get((g, sh)); record(S, f'all {g} {sh}', rows(H.rows) if H else 'none')
    if S.live not in S.stopped and not any(G.lost for P in S.part for G in P.gen.values()): record(S, 'kept', 'done')

def one(play):
    LOG.clear(); CALM[0] = False; states = []
    init = state.State.__init__
    def begin(s, *a): init(s, *a); s.behind = False; states.append(s)
    state.State.__init__ = begin
    try: play()
    finally: state.State.__init__ = init
    last(states[0])
    lines, since = [], set()
    for who, text, out in LOG:
        verb = text.split()[0]; quiet = verb in READS or out in ('held', 'none') or verb == 'next' and out == '-'
        if who != '#' and quiet:
            if (text, out) in since: continue
            since.add((text, out))
        elif who != '#': since.clear()
        lines.append((who, text, out))
    return lines

def features(lines):
    found, writes = set(), collections.deque(maxlen=2)
    for who, text, out in lines:
        kind = re.sub(r'\d', '', who); verb = text.split()[0]
        if who == '#': found.add(re.sub(r'[\d()\[\],. ]+', '', text)); continue
        how = out.split()[0] if not re.match(r'[\d.,:@~a-c-]+( |$)', out) else 'some' if out != '-' else '-'
        found.add((kind[:3], verb, how, 'retry' if verb == 'commit' and text.split()[6] != '-' else ''))
        if how in ('none', 'LOST', 'conflict', 'fenced', 'gone', 'refused', 'lost', 'GONE', 'PARKED'): found.add((verb, how) + tuple(writes))
        if verb not in READS and how not in ('none', 'held'): writes.append(re.sub(r'\d', '', who)[:3] + verb + how)
    return found

def candidates(flags, each):
    for n in run.SCEN.values(): n['n'] = min(n['n'], 3)
    for scen in run.SCEN:
        for seed in range(each * (4 if scen in RARE else 1)): yield f'{scen} {seed}', (lambda: run.run(flags, scen, seed, Notes()))
    for hist in dfs.HIST:
        paths = dfs.paths(flags, dfs.HIST[hist], 2)
        for n, prefix in enumerate(paths):
            if n > 40 * each: break
            if n % 40 == 0: yield f'dfs-{hist} {n}', (lambda: dfs.once(flags, dfs.HIST[hist], prefix, 2, True))

def choose(flags, each, most):
    """Greedy: the trace with the most that has been seen fewer than three times, for its length."""
    pool = []
    for name, play in candidates(flags, each):
        try: lines = one(play)
        except Bad as b: sys.exit(f'{name} violates: {b}')
        found = features(lines)
        if int(name.split()[1]) < each or '-' in name or any((v, 'none') in {(f[1], f[2]) for f in found if len(f) == 4} for v in ('flip', 'cancel')): pool.append((name, lines, found))
    seen, chosen, length = collections.Counter(), [], 0
    everything = set().union(*(f for _, _, f in pool))
    while pool and length < most:
        best = max(pool, key=lambda t: sum((20 if f[1:] and f[-1] in ('', 'retry') else 1) / (1 + 3 * seen[f]) for f in t[2] if seen[f] < 3) / (60 + len(t[1])))
        if not any(seen[f] < 3 for f in best[2]): break
        pool.remove(best); chosen.append(best); length += len(best[1]); seen.update(best[2])
    return chosen, len(everything), sum(seen[f] > 0 for f in everything), length

if __name__ == '__main__':
    flags = set(open('fixed.flags').read().strip().split(','))
    chosen, all_, covered, length = choose(flags, int(sys.argv[2]), int(sys.argv[3]))
    text = ''.join(f'== {name}\n' + ''.join((f'# {t}' if who == '#' else f'{who} {t} = {out}') + '\n' for who, t, out in lines) for name, lines, _ in chosen)
    with open(sys.argv[1], 'wb') as out, gzip.GzipFile(fileobj=out, mode='wb', mtime=0, filename='') as z: z.write(text.encode())
    print(f'{len(chosen)} traces, {length} lines, {covered} of {all_} features')
