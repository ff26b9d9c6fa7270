"""Actors. Each `yield 'text'` ends an atomic step; what follows it, up to the next yield, is one script call plus local work."""
from state import *

def writer(S, n):
    for _ in range(n):
        yield 'append'
        p = 0 if S.choose(2 if S.shared else 4) else 1
        kinds = ['T'] * 5 if S.shared else ['own', 'T', 'U', 'X', 'del']
        evs = [(st, kinds[S.choose(5)], [None, None, 'det', 'flaky'][S.choose(4)] if S.poison else None)
               for st in ([['a'], ['b'], ['a', 'b'], ['a']][S.choose(4)] if p == 0 else ['c'])]
        p_append(S, p, evs)

def worker(S, me, p, g, rounds=3):
    minep = 0
    for _ in range(rounds):
        yield 'acquire'
        ep = p_acquire(S, p, g, me, minep)
        if ep in ('gone', 'lost'): return
        if not isinstance(ep, int): continue
        r = yield from owner(S, me, p, g, ep)
        if r == 'LOST': yield 'report lost history'; p_report(S, p, g, me, ep); return
        if r == 'gone': return
        minep = r if isinstance(r, int) else 0

def owner(S, me, p, g, ep):
    """Take-over, then batches until the lease is gone. Returns 'LOST' (history regressed), 'gone' (generation), a higher epoch, or None."""
    F = S.F
    if 'headep' in F:                                         # headep: the epoch goes into every shard first
        for sh in SHARDS:
            yield f'fence shard {sh}'; r = v_fence(S, g, sh, p, ep, me)
            if r is not True: return r
    yield 'read state'; st = p_state(S, p, g, me, ep)
    if not st: return None
    last, parks, dropped, grouped, vec = st
    ids, notes, cps, lostdrops = [last], {}, {}, set()
    for sh in SHARDS:
        yield f'read head {sh}'; h = v_head(S, g, sh)
        if not h: return 'gone'
        dr = {d for d in h[2] if PARTS[d[0]] == p}; lostdrops = lostdrops | dr - dropped; cps[sh] = h[0].get(p, ZERO); ids.append(cps[sh]); notes[sh] = {s: n for s, n in h[1].items() if PARTS[s] == p}
        if 'notepos' in F: ids += [n[1] for n in notes[sh].values()]     # notepos: a retry's checkpoint names a log entry too
    yield 'regression check'
    if 'NO_REG' not in F and not p_check(S, p, ids): return 'LOST'
    if 'note' in F:                                           # a note without a park record: write the record again
        for s in sorted({s for sh in SHARDS for s in notes[sh]}):
            v = min(notes[sh][s][0] for sh in SHARDS if s in notes[sh]) + 1
            if v == parks.get(s) or 'lownote' not in F and v > parks.get(s, 99): continue   # 'lownote': the lowest note tells
            yield f're-park {s}{v}'
            if not p_park(S, p, g, me, ep, s, v): return None
            parks[s] = v
            yield f'ask for {s}'; p_ask(S, p, g, s, 'retry')
    if 'note' in F and lostdrops:
        yield f'record drops again {lostdrops}'
        if not p_redrop(S, p, g, me, ep, lostdrops): return None
        dropped |= lostdrops
    if 'vec' in F:                                            # vec: a shard behind what was settled for it is refilled by XRANGE
        behind = [cps[sh] for sh in SHARDS if cps[sh] < vec.get(sh, ZERO)]
        if behind:
            yield 'shard lost writes: read again'; es = p_range(S, p, g, me, ep, min(behind), 99)
            if es in (None, 'LOST'): return es
            es = [e for e in es if e[0] <= last]
            if es:
                r = yield from batch(S, me, p, g, ep, es, parks, dropped, vec, True)
                if r != 'ok': return r
    pending = grouped and 'NO_PENDING' not in F
    for _ in range(S.loops):
        if (not pending or 'earlyretry' in F) and S.choose(3):      # 'earlyretry': reading in which pending entries may wait
            yield 'wants?'; w = p_wants(S, p, g, me, ep)
            if w is None: return None
            for s, what in w.items():
                r = yield from retry(S, me, p, g, ep, s, what, parks, dropped, last)
                if r != 'ok': return r
        if pending:
            yield 'read pending'; es = p_pending(S, p, g, me, ep, last)
        elif grouped:
            if 'BLOCKREAD' in F: yield 'check lease'; es = p_state(S, p, g, me, ep) and []
            else: es = []
            if es is None: return None
            yield 'read new'; es = p_new(S, p, g, me, ep, last, 2, 'BLOCKREAD' not in F)
        else:
            yield 'read range'; es = p_range(S, p, g, me, ep, last, 2)
        if es is None or es == 'LOST': return es
        if not es:
            if pending: pending = False; continue
            if not grouped:
                yield f'hand over at {last}'
                r = p_handover(S, p, g, me, ep, last)
                if r is not True: return r or None
                yield 'read state'; st = p_state(S, p, g, me, ep)
                if not st: return None
                grouped = True
            continue
        if 'NO_N' not in F and not pending and es[0][0][0] != last[0] + 1:                    # the log counts
            if 'redeliver' not in F or es[0][0][0] > last[0]: return 'LOST'   # redeliver: not above last, and the log still has last: only a repeat
        if 'ACK_FIRST' in F: yield 'ack'; p_ack(S, p, g, me, ep, [e[0] for e in es])
        r = yield from batch(S, me, p, g, ep, es, parks, dropped, vec)
        if r != 'ok': return r
        last = max(last, es[-1][0])
    return None

def batch(S, me, p, g, ep, ents, parks, dropped, vec, refill=False):
    F = S.F; ids = [e[0] for e in ents]; late = []
    yield f'fetch events of {ids}'; evs = p_resolve(S, p, ents)
    if evs is None: return 'LOST'
    if 'SETTLE_FIRST' in F: yield 'settle'; p_settle(S, p, g, me, ep, ids)
    done, tries = {}, 0
    while True:
        tries += 1
        if tries > 6: return None
        skip = lambda e: e.stream in parks and e.v >= parks[e.stream]
        todo = {sh for _, e in evs if not skip(e) for sh, _ in keys(e)}
        if 'note' in F and any(skip(e) or (e.stream, e.v) in dropped for _, e in evs): todo = set(SHARDS)
        todo -= set(done); views = {}
        for sh in sorted(todo):
            yield f'read shard {sh}'; v = v_read(S, g, sh, p, {k for _, e in evs for h, k in keys(e) if h == sh})
            if not v: return 'gone'
            if 'vec' in F and not refill and v[0] < vec.get(sh, ZERO): return None    # shard lost writes: take over anew
            views[sh] = v
        plan, bad = fold(S, evs, views, parks, dropped, skip)
        if bad:
            if 'PARK_AFTER' in F: late.append(bad)
            else:
                yield f'park {bad[0]}{bad[1]}'
                if not p_park(S, p, g, me, ep, *bad): return None
            parks[bad[0]] = bad[1]; continue
        for sh in sorted(todo):
            rows, applied, notes, drops, passed = plan[sh]
            if views[sh][0] >= ids[-1]: done[sh] = views[sh][0]; continue
            yield f'commit shard {sh} {ids[-1]}'
            r = v_commit(S, g, sh, p, ep, me, views[sh][0], ids[-1], rows, applied, notes, drops)
            if r == 'gone': return 'gone'
            if r == 'fenced': return None
            if r != 'ok': break
            done[sh] = ids[-1]
        else: break
    for bad in late: yield f'park {bad}'; p_park(S, p, g, me, ep, *bad)
    yield f'settle {ids[-1]}'; r = p_settle(S, p, g, me, ep, ids, done if 'vec' in F else None)
    vec.update(done)
    return 'ok' if r is True else r

def fold(S, evs, views, parks, dropped, skip):
    """Fold a batch over what was read. Result per shard: rows, applied events, notes, drops. A failing event contributes to no row."""
    plan = {sh: ({}, [], {}, set(), set()) for sh in views}
    val = {sh: {k: x for k, (_, x) in v[1].items()} for sh, v in views.items()}
    for i, e in evs:
        if skip(e):
            if 'note' in S.F:                                 # note: the shard itself records what it has applied of a parked stream
                for sh, v in views.items():
                    if v[0] < i and e.stream not in v[2]: plan[sh][2].setdefault(e.stream, (e.v - 1, ZERO))
            continue
        new = []
        if (e.stream, e.v) in dropped:
            for sh, v in views.items():
                if v[0] < i: plan[sh][3].add((e.stream, e.v))
            continue
        for n, (sh, k) in enumerate(keys(e)):
            if sh not in views or views[sh][0] >= i: continue
            if fails(S, e, n): return None, (e.stream, e.v)
            new.append((sh, k))
        for sh, k in new:
            val[sh][k] = evolve(k, val[sh][k], e); plan[sh][1].append((e, k))
            rev, old = views[sh][1][k]; plan[sh][0][k] = (rev, old, val[sh][k])
    return plan, None
def fails(S, e, n):                                           # an event fails at its last row: always, or only sometimes
    if S.fixed or n != len(keys(e)) - 1: return False
    return e.poison == 'det' or (e.poison == 'flaky' and S.choose(2) == 1)

def retry(S, me, p, g, ep, stream, what, parks, dropped, settled):
    F = S.F
    if stream not in parks:
        yield f'unpark {stream}'; return 'ok' if p_unpark(S, p, g, me, ep, stream) else None
    if what == parks[stream]:
        v = parks[stream]; yield f'drop {stream}{v}'
        if not p_drop(S, p, g, me, ep, stream, v): return None
        dropped.add((stream, v)); parks[stream] = v + 1
    frm = parks[stream]
    yield f'read stream {stream} up to {settled}'; evs = p_stream(S, p, stream)
    for e in evs:
        if e.v < frm and not ('note' in F and (stream, e.v) in dropped): continue
        views, at = {}, {}
        shs = set(SHARDS) if 'allnotes' in F else {sh for sh, _ in keys(e)}    # 'allnotes': all shards agree on the failing event
        for sh in sorted(shs):
            yield f'read shard {sh}'; v = v_read(S, g, sh, p, {k for h, k in keys(e) if h == sh})
            if not v: return 'gone'
            at[sh] = v[2].get(stream)
            if e.id > (max(settled, v[0]) if 'limit' in F else settled): continue     # limit: each shard only as far as it has itself passed
            views[sh] = v
            # an absent note means nothing to do here
            if at[sh] is None and 'note' in F or at[sh] is not None and at[sh][0] >= e.v: views.pop(sh, 0)
        upd = {sh: ({}, []) for sh in views}; drop = (stream, e.v) in dropped
        for n, (sh, k) in enumerate(keys(e)):
            if sh not in views or drop: continue
            if fails(S, e, n):                                # still parked, from this event on
                if 'moveon' not in F: return 'ok'
                parks[stream] = e.v; yield f'park {stream}{e.v}'
                return 'ok' if p_park(S, p, g, me, ep, stream, e.v) else None
            rev, old = views[sh][1][k]; upd[sh][0][k] = (rev, old, evolve(k, old, e)); upd[sh][1].append((e, k))
        for sh in sorted(views):
            yield f'retry {e} into shard {sh}'
            r = v_commit(S, g, sh, p, ep, me, at[sh], (e.v, e.id), upd[sh][0], upd[sh][1], (), {(stream, e.v)} if drop else (), stream)
            if r == 'gone': return 'gone'
            if r == 'fenced': return None
            if r == 'conflict': return 'ok'                   # later again
    yield f'unpark {stream}'
    if not p_unpark(S, p, g, me, ep, stream): return None
    parks.pop(stream)
    if 'note' in F:
        for sh in SHARDS: yield f'remove note {stream} in {sh}'; v_unnote(S, g, sh, p, ep, me, stream)
    return 'ok'

def operator(S, n):
    for _ in range(n):
        yield 'ask'
        S.fixed = S.fixed or S.choose(3) == 0                 # a corrected build is deployed
        gs = sorted({g for P in S.part for g in P.gen}); g = gs[S.choose(len(gs))]
        for p in (0, 1):
            for s in list(S.part[p].gen[g].parked) if g in S.part[p].gen else []: p_ask(S, p, g, s, S.part[p].gen[g].parked[s] if S.choose(4) == 0 else 'retry')

def rebuilder(S, me, polls=12):
    """Coordinates a rebuild; another one goes on with it, whether this one is gone or only slow. Workers of the new generation fill it."""
    F = S.F
    yield 'start'
    if not S.rebuild and S.nextgen > 3: return
    rb = m_start(S, me)
    new, old = rb
    for p in (0, 1): yield f'create gen {new} in partition {p}'; p_create(S, p, new, old)
    for sh in SHARDS: yield f'create head {sh}'; v_create(S, new, sh)
    def ended():                                              # by somebody else: what this one has made later must go again
        yield 'look'
        if ('woke' not in F or m_live(S) != new) and m_rebuild(S) != rb: yield from removal(S, rb)
    def seen(what):
        """'ok', 'wait', or None: over."""
        for _ in range(polls):
            yield 'keep'
            if not m_keep(S, me, rb): yield from ended(); return None
            looks = []
            for p in (0, 1): yield f'{what} {p}?'; looks.append(p_outlook(S, p, new))
            if None in looks or 'lift' in F and any(l[2] for l in looks): yield from canceller(S, rb, ended); return None
            if what == 'handed over' and all(l[1] for l in looks) or what == 'caught up' and all(l[0] >= target[p] for p, l in enumerate(looks)): return True
        return None
    target = {0: ZERO, 1: ZERO}
    if not (yield from seen('handed over')): return
    if 'FLIP_NOFENCE' not in F:
        for p in (0, 1):
            yield f'fence old in partition {p}'; r = p_fence(S, p, old, new)
            if r is None: yield from canceller(S, rb, ended); return
            ep, ids = r[0], [r[1]]
            if 'headep' in F:
                for sh in SHARDS:
                    yield f'fence old head {sh}'; v_fence(S, old, sh, p, ep, 'rebuild')
                for sh in SHARDS:
                    yield f'read old head {sh}'; h = v_head(S, old, sh)
                    if h and 'maxcp' in F: ids.append(h[0].get(p, ZERO))
            yield f'which are lost in partition {p}?'
            target[p] = max([i for i in ids if 'fencereg' not in F or p_check(S, p, [i])], default=ZERO)
    else:
        for p in (0, 1):
            yield 'position'; l = p_outlook(S, p, old)
            target[p] = l[0] if l else ZERO
    def dropped():                                            # the switch would undo a drop made meanwhile
        for p in (0, 1):
            yield f'drops of partition {p}?'; here, there = p_drops(S, p, old), p_drops(S, p, new)
            yield f'asked in partition {p}?'
            if 'redrop' in F and (here - there or any(w != 'retry' for w in p_asked(S, p, old).values())): return True
    if (yield from dropped()): yield from canceller(S, rb, ended); return
    if not (yield from seen('caught up')): return
    if (yield from dropped()): yield from canceller(S, rb, ended); return
    yield f'flip to {new}'
    if not m_flip(S, rb): yield from ended(); return
    for sh in SHARDS: yield f'delete old head {sh}'; v_delete(S, old, sh)
    for p in (0, 1): yield 'delete old keys'; p_delete(S, p, old)

def removal(S, rb):
    for p in (0, 1): yield f'unfence, delete in partition {p}'; p_cancel(S, p, rb[1], rb[0])
    for sh in SHARDS: yield f'delete head {sh}'; v_delete(S, rb[0], sh)

def canceller(S, rb=None, ended=None):
    """Ends a rebuild: the one it was told, or whichever it sees first."""
    if not rb: yield 'look'; rb = m_rebuild(S)
    if not rb: return
    yield 'cancel'
    if m_cancel(S, rb): yield from removal(S, rb)
    elif ended: yield from ended()

def sweeper(S):
    """Any worker: deletes again what generations off the record may have left, and lifts their fences."""
    yield 'which are gone?'
    for g in m_gone(S):
        yield 'which is read?'; live = m_live(S)
        for p in (0, 1):
            yield f'delete gen {g} in partition {p}'; p_delete(S, p, g)
            if 'unfence' in S.F: yield f'lift its fence in partition {p}'; p_cancel(S, p, live, g)
        for sh in SHARDS: yield f'delete head {sh} of gen {g}'; v_delete(S, g, sh)

def covered(S, g, p, pos, strict=True):
    """Violation text if live generation g lacks, for an awaited position, an event that is neither parked nor dropped."""
    G = S.part[p].gen.get(g)
    for st, evs in S.part[p].streams.items():
        for e in evs:
            for sh, k in keys(e):
                H = S.view.get((g, sh))
                if e.id > pos or not H or not G: continue
                ok = (e.uid, k) in H.applied or e.v >= G.parked.get(st, 99) or (st, e.v) in G.dropped or st in H.notes
                if not ok: return f'{e} not in {k} of gen {g}'

def reader(S, n):
    seen = {0: set(), 1: set()}
    for _ in range(n):
        yield 'choose position'
        if not S.acked: continue
        p, pos = S.acked[S.choose(len(S.acked))]
        for _ in range(6):
            yield 'resolve live'; g = m_live(S); P = S.part[p]
            yield f'settled of {g}?'; there = p_arrival(S, p, g, pos)
            if there == 'LOST': break                         # awaitlog: the same script looks for the entry itself
            if g in S.stopped or there in ('GONE', 'PENDING'): continue
            if not has(P, pos): raise Bad(f'await confirmed lost position {pos} of partition {p}')
            for _ in range(3):                                # plain reads later, each through the live pointer of that moment
                yield 'resolve live'; g = m_live(S)
                yield 'read'
                if not all((g, sh) in S.view for sh in SHARDS): continue       # head missing: resolve again
                bad = covered(S, g, p, pos)
                now = {(u, k) for sh in SHARDS for u, k in S.view[g, sh].applied if PARTS[u[0]] == p}
                if not S.poison and not S.lost and not S.viewlost and seen[p] - now: raise Bad(f'MONOTONIC read before, gone now: {seen[p] - now}')
                seen[p] = now
                if bad and g not in S.stopped and not S.lost and not S.viewlost: raise Bad(f'BACKWARDS after await {pos}: {bad}')
            break
