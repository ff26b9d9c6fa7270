"""Redis, modelled. Every function below is ONE script call = one atomic step, and gets exactly one slot:
p_* the slot {p} of partition p, v_* the slot of one view shard, m_* the meta slot. Ids are tuples (n, ms).
S.F is a set of switches: fixes (lower case) and deliberate breaks (upper case)."""
import copy
ZERO, SHARDS, PARTS = (0, 0), (0, 1), {'a': 0, 'b': 0, 'c': 1}

class Bad(Exception): pass                       # a violated promise

class Ev:                                        # one event; (stream, v, ms) identifies it over all histories
    __slots__ = 'stream v kind poison id'.split()
    def __init__(s, *a): s.stream, s.v, s.kind, s.poison, s.id = a
    uid = property(lambda s: (s.stream, s.v, s.id[1]))
    def __repr__(s): return f'{s.stream}{s.v}@{s.id}{s.kind}{s.poison or ""}'

def keys(ev):                                    # rows an event touches: its own row; 'T'/'U' are shared by all streams
    own = ({'a': 0, 'b': 1, 'c': 0}[ev.stream], 'r' + ev.stream)
    return {'own': [own], 'del': [own, (1, 'T')], 'T': [own, (1, 'T')], 'U': [own, (0, 'U')], 'X': [(0, 'U'), (1, 'T')]}[ev.kind]

def evolve(key, row, ev):                        # pure; rows shared by partitions fold commutatively; None = no row
    if key[0] == 'r': return None if ev.kind == 'del' else (row or ()) + (ev.v,)
    row = row or frozenset()                                  # odd versions add an item, even ones remove the stream's items;
    row = row | {(ev.stream, ev.v)} if ev.v % 2 else frozenset(x for x in row if x[0] != ev.stream)
    return row or None                                        # an empty shared row is deleted, and re-created later
bucket = len

class Gen:                                       # what a partition keeps per generation: lease, group, settled, parked
    def __init__(s, grouped):
        s.owner, s.epoch, s.frozen, s.settled = None, 0, False, ZERO
        s.group, s.pel = (ZERO if grouped else None), []
        s.parked, s.want, s.dropped, s.vec, s.lost = {}, {}, set(), {}, False
class Part:
    def __init__(s): s.log, s.streams, s.gen = [], {}, {}
class Shard:
    def __init__(s): s.cp, s.rev, s.rows, s.ix, s.ep, s.notes, s.drops, s.applied = {}, 0, {}, set(), {}, {}, set(), []

class State:
    def __init__(s, F, choose):
        s.F, s.choose, s.clock = F, choose, 100
        s.part, s.view = [Part(), Part()], {(1, sh): Shard() for sh in SHARDS}
        for p in s.part: p.gen[1] = Gen(True)
        s.live, s.rebuild, s.nextgen, s.cancelled, s.gone, s.coordinator, s.behind = 1, None, 2, set(), set(), None, True
        s.loops = 8; s.stopped, s.lost, s.born, s.fixed, s.acked, s.snap, s.dup, s.back = set(), set(), {}, False, [], {}, [], {}
        s.calm = False

# ---- partition slot -------------------------------------------------------------------------------------------------
def p_append(S, p, evs):
    P = S.part[p]; S.clock += 1
    i = ((P.log[-1][0][0] if P.log else 0) + 1, S.clock - S.back.get(p, 0)); out = []
    for stream, kind, poison in evs:
        st = P.streams.setdefault(stream, []); ev = Ev(stream, len(st) + 1, kind, poison, i); st.append(ev); out.append((stream, ev.v))
    P.log.append((i, out)); S.acked.append((p, i)); S.born[i] = len(S.lost)
    return i
def has(P, i): return i == ZERO or any(e[0] == i for e in P.log)
def own(S, p, g, me, ep):
    G = S.part[p].gen.get(g)
    return G if G and (G.owner, G.epoch) == (me, ep) and not G.frozen else None
def p_acquire(S, p, g, me, minep):
    G = S.part[p].gen.get(g)
    if not G: return 'gone'
    if G.frozen: return 'fenced'
    if G.lost: return 'lost'
    if G.owner not in (None, me) and not S.calm and S.choose(5) > 1: return 'held'   # not expired yet
    S.clock += 1; G.epoch = max(G.epoch + 1, S.clock - S.back.get(p, 0), minep); G.owner = me
    return G.epoch
def p_state(S, p, g, me, ep):
    G = own(S, p, g, me, ep)
    return G and (G.settled, dict(G.parked), set(G.dropped), G.group is not None, dict(G.vec))
def p_check(S, p, ids): return all(has(S.part[p], i) for i in ids)
def p_pending(S, p, g, me, ep, last):
    G = own(S, p, g, me, ep); P = S.part[p]
    if not G: return None
    if 'chk' in S.F and not has(P, last): return 'LOST'
    return [e for e in P.log if e[0] in G.pel]
def p_new(S, p, g, me, ep, last, count, fenced=True):
    P = S.part[p]; G = own(S, p, g, me, ep) if fenced else P.gen.get(g)
    if not G or G.group is None: return None
    if 'chk' in S.F and not has(P, last): return 'LOST'
    es = [e for e in P.log if e[0] > G.group][:count]
    if es: G.group = es[-1][0]; G.pel += [e[0] for e in es]
    return es
def p_range(S, p, g, me, ep, last, count):                  # rebuild: XRANGE after last
    G = own(S, p, g, me, ep); P = S.part[p]
    if not G: return None
    if 'chk' in S.F and not has(P, last): return 'LOST'
    return [e for e in P.log if e[0] > last][:count]
def p_handover(S, p, g, me, ep, last):
    G = own(S, p, g, me, ep)
    if G and 'chk' in S.F and not has(S.part[p], last): return 'LOST'
    if G and G.group is None: G.group = S.part[p].log[-1][0] if 'HAND_END' in S.F and S.part[p].log else last
    if G and 'handset' in S.F: G.settled = max(G.settled, last)      # handset
    return bool(G)
def p_resolve(S, p, ents):                                  # pointers -> events; None: not there any more
    out = []
    for i, ptrs in ents:
        for st, v in ptrs:
            l = S.part[p].streams.get(st, [])
            if v > len(l) or ('resolvepos' in S.F and l[v-1].id != i): return None
            out.append((i, l[v-1]))
    return out
def p_settle(S, p, g, me, ep, ids, vec=None):
    G = own(S, p, g, me, ep)
    if not G: return None
    if 'chk' in S.F and not has(S.part[p], ids[-1]): return 'LOST'
    G.settled = max(G.settled, ids[-1]); G.pel = [i for i in G.pel if i not in ids]
    if vec: G.vec.update(vec)
    return True
def p_ack(S, p, g, me, ep, ids):
    G = own(S, p, g, me, ep)
    if G: G.pel = [i for i in G.pel if i not in ids]
def p_park(S, p, g, me, ep, stream, v):
    G = own(S, p, g, me, ep)
    if G: G.parked[stream] = v; G.want[stream] = None
    return bool(G)
def p_unpark(S, p, g, me, ep, stream):
    G = own(S, p, g, me, ep)
    if G: G.parked.pop(stream, 0); G.want.pop(stream, 0)
    return bool(G)
def p_drop(S, p, g, me, ep, stream, v):
    G = own(S, p, g, me, ep)
    if G:
        G.dropped.add((stream, v))
        if G.parked.get(stream) == v: G.parked[stream] = v + 1; G.want[stream] = 'retry'
    return bool(G)
def p_redrop(S, p, g, me, ep, ds):
    G = own(S, p, g, me, ep)
    if G: G.dropped |= ds
    return bool(G)
def p_wants(S, p, g, me, ep):
    G = own(S, p, g, me, ep); return None if not G else {k: w for k, w in G.want.items() if w}
def p_ask(S, p, g, stream, what):                           # operator, not fenced: only asks, the owner does it
    G = S.part[p].gen.get(g)
    if not G or stream not in G.parked: return False
    asked = G.want.get(stream)
    if what == 'retry' and asked not in (None, 'retry'): return True         # what follows a drop is applied anyway
    if what != 'retry' and (G.parked[stream] != what or 'askdrop' in S.F and asked == 'retry'): return False
    G.want[stream] = what                                    # 'retry', or the version to be dropped
    return True
def p_stream(S, p, stream): return list(S.part[p].streams.get(stream, []))
def p_create(S, p, g, old):
    P = S.part[p]
    if old in P.gen and (g not in P.gen or 'inherit' not in S.F):            # later drops are the coordinator's to notice
        P.gen.setdefault(g, Gen(False)).dropped |= P.gen[old].dropped
    P.gen.setdefault(g, Gen(False))
def p_fence(S, p, old, new):                                # the rebuild takes the old generation's lease for good
    P = S.part[p]; G = P.gen.get(old)
    if not G or ('fencechk' in S.F and new not in P.gen): return None
    S.clock += 1; G.epoch = max(G.epoch + (not G.frozen), S.clock - S.back.get(p, 0)); G.frozen, G.owner = new, 'rebuild'
    return G.epoch, G.settled
def p_report(S, p, g, me, ep):                              # history was lost: nobody gets the lease of this partition any more
    G = own(S, p, g, me, ep)
    if G: G.lost = True; G.owner = None; S.stopped.add(g)
    return bool(G)
def p_outlook(S, p, g):
    G = S.part[p].gen.get(g); return G and (G.settled, G.group is not None, G.lost)
def p_drops(S, p, g):
    G = S.part[p].gen.get(g); return set(G.dropped) if G else set()
def p_asked(S, p, g):
    G = S.part[p].gen.get(g); return {k: w for k, w in G.want.items() if w} if G else {}
def p_arrival(S, p, g, pos):
    P = S.part[p]; G = P.gen.get(g)
    if not G: return 'GONE'
    if 'awaitlog' in S.F and not has(P, pos): return 'LOST'
    if G.settled < pos: return 'PENDING'
    return 'PARKED' if any(e[0] == pos and any(v >= G.parked.get(st, 99) for st, v in e[1]) for e in P.log) else 'APPLIED'
def p_delete(S, p, g): S.part[p].gen.pop(g, 0)
def p_cancel(S, p, old, new):
    P = S.part[p]; P.gen.pop(new, 0)
    if old in P.gen and (P.gen[old].frozen == new or 'fencenum' not in S.F and P.gen[old].frozen): P.gen[old].frozen, P.gen[old].owner = False, None
# ---- one view shard's slot --------------------------------------------------------------------------------------------
def v_fence(S, g, sh, p, ep, me):
    H = S.view.get((g, sh))
    if not H: return 'gone'
    if (ep, me) < H.ep.get(p, (0, '')) : return H.ep[p][0] + 1
    H.ep[p] = (ep, me); return True
def v_head(S, g, sh):
    H = S.view.get((g, sh)); return H and (dict(H.cp), dict(H.notes), set(H.drops))
def v_read(S, g, sh, p, ks):
    H = S.view.get((g, sh)); return H and (H.cp.get(p, ZERO), {k: H.rows.get(k, (0, None)) for k in ks}, dict(H.notes))
def v_commit(S, g, sh, p, ep, me, cp, newcp, rows, evs, notes=(), drops=(), stream=None, replay=False):
    """rows: key -> (revision read, old value, new value). stream: this is a retry; its own checkpoint H.notes[stream] is compared."""
    H = S.view.get((g, sh)); F = S.F
    if not H: return 'gone'
    if 'headep' in F and H.ep.get(p) != (ep, me): return 'fenced'
    cur = H.notes.get(stream) if stream else H.cp.get(p, ZERO)
    if cur != cp and 'NO_CP' not in F: return 'conflict'
    if any(H.rows.get(k, (0, None))[0] != r for k, (r, _, _) in rows.items()): return 'conflict'
    if not replay and S.choose.dups and S.choose(12) == 0:     # a timed-out copy of this call may run again, any time later
        S.dup.append(lambda: v_commit(S, g, sh, p, ep, me, cp, newcp, rows, evs, notes, drops, stream, True))
    for ev, k in evs:                                          # ---- checks of the promises, no part of the protocol
        if (ev.uid, k) in H.applied: raise Bad(f'DOUBLE {ev} into row {k} of generation {g}')
        if any(u[0] == ev.stream and u[1] >= ev.v and kk == k and u not in S.lost for u, kk in H.applied): raise Bad(f'ORDER {ev} into {k}, gen {g}')
        if S.born[ev.id] and any(u in S.lost and PARTS[u[0]] == p for u, _ in H.applied) and ev.uid not in S.lost: raise Bad(f'MIXED new {ev} on a shard with lost events, gen {g}')
        H.applied.append((ev.uid, k))
    for k, (r, old, new) in rows.items():
        if old is not None: H.ix.discard((bucket(old), k))
        if new is None: H.rows.pop(k, 0)
        else: H.rev += 1; H.rows[k] = (H.rev if 'REV_ROW' not in F else r + 1, new); H.ix.add((bucket(new), k))
    for s, n in dict(notes).items(): H.notes.setdefault(s, n)
    H.drops |= set(drops)
    if stream: H.notes[stream] = newcp
    else: H.cp[p] = newcp
    if H.ix != {(bucket(v), k) for k, (_, v) in H.rows.items()}: raise Bad('INDEX differs from rows')
    return 'ok'
def v_unnote(S, g, sh, p, ep, me, stream):
    H = S.view.get((g, sh))
    if H and H.ep.get(p) == (ep, me): H.notes.pop(stream, 0); return True
def v_create(S, g, sh):
    if (g, sh) not in S.view: S.view[g, sh] = Shard()
def v_delete(S, g, sh): S.view.pop((g, sh), 0)
# ---- meta slot --------------------------------------------------------------------------------------------------------
def m_live(S): return S.live
def m_rebuild(S): return S.rebuild
def m_gone(S): return sorted(S.gone)
def m_start(S, me):                                         # also goes on with one whose coordinator seems to be gone
    if not S.rebuild: S.rebuild = (S.nextgen, S.live); S.nextgen += 1
    S.coordinator = me
    return S.rebuild
def m_keep(S, me, rb): return S.rebuild == rb and ('keep' not in S.F or S.coordinator == me)
def m_flip(S, rb):
    if S.rebuild != rb: return False
    S.gone.add(S.live); S.live, S.rebuild = rb[0], None; return True
def m_cancel(S, rb):
    if not S.rebuild or 'compare' in S.F and S.rebuild != rb: return False
    S.gone.add(S.rebuild[0]); S.cancelled.add(S.rebuild[0]); S.rebuild = None; return True
# ---- failover of one slot: back to an earlier state of that slot ------------------------------------------------------
def snapshot(S, slot): S.snap[slot] = copy.deepcopy(S.part[slot] if isinstance(slot, int) else S.view.get(slot))
def failover(S, slot):
    if slot not in S.snap or S.snap[slot] is None: return False
    new = S.snap.pop(slot)
    if isinstance(slot, int):
        keep = {e[0] for e in new.log}
        gone = {(st, v, i[1]) for i, ptrs in S.part[slot].log if i not in keep for st, v in ptrs}
        S.lost |= gone; S.part[slot] = new
        if S.behind and S.choose(2): S.back[slot] = 1000                    # the new master's clock is behind (ids stay distinct)
    elif slot in S.view: S.view[slot] = new
    return True
