# SPDX-License-Identifier: Apache-2.0
"""Computes the rows of the pallet's storage a second way: SCALE bytes of known values, and the longest rows.

Account ids have 32 bytes.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent


class Type:
    """An encoding: `of` turns a value into bytes, of which there are at most `most`."""

    def __init__(self, most, of):
        self.most, self.of = most, of


def integer(size):
    return Type(size, lambda value: value.to_bytes(size, "little"))


def big(size):
    return Type(size, lambda value: value.to_bytes(size, "big"))


def filled(size):
    """Bytes that are all the same."""
    return Type(size, lambda value: bytes([value]) * size)


def option(inner):
    return Type(1 + inner.most, lambda value: b"\0" if value is None else b"\1" + inner.of(value))


def sequence(inner, most):
    """At most 63 items, whose number takes one byte."""
    return Type(1 + most * inner.most, lambda items: bytes([4 * len(items)]) + b"".join(map(inner.of, items)))


def struct(**fields):
    def encode(value):
        assert list(value) == list(fields), (list(value), list(fields))
        return b"".join(field.of(value[name]) for name, field in fields.items())

    return Type(sum(field.most for field in fields.values()), encode)


def tuple_of(*fields):
    return Type(
        sum(field.most for field in fields),
        lambda value: b"".join(field.of(part) for field, part in zip(fields, value, strict=True)),
    )


UNIT = Type(0, lambda value: b"")


def enum(**variants):
    """Variants by name, each with its index and what it holds. A value is a name, or a name and what it holds."""

    def encode(value):
        name, held = value if isinstance(value, tuple) else (value, None)
        index, inner = variants[name]
        return bytes([index]) + inner.of(held)

    return Type(1 + max(inner.most for _, inner in variants.values()), encode)


U8, U32, U64, U128 = integer(1), integer(4), integer(8), integer(16)
BOOL = Type(1, lambda value: bytes([value]))
BYTES32 = ACCOUNT = filled(32)
BATCH_ID = struct(rollup=U32, index=U64)

RESERVE = struct(reserve=U128, mean=option(U128))
RECENT_COUNT = struct(epoch=U32, count=U64)
RECENT_AMOUNT = struct(epoch=U32, amount=U128)
RECENT_BATCH = struct(prover=ACCOUNT, paid=U128)
SEAL_PLACE = struct(block=U32, extrinsic=U32)
UNBONDING = struct(amount=U128, at=U32)
SEAL_TIMING = struct(
    slot_millis=U64, stretch_percent=U32, fastest_squarings=U64, margin=U32, opener_squarings=U64, opener_cores=U32
)
SILENCE_POLICY = enum(Exclude=(0, UNIT), ForceOpen=(1, U32), Settle=(2, U32))
PARAMS = struct(
    layout=enum(Fields=(0, UNIT)),
    data_len=U32,
    bidding_blocks=U32,
    reveal_blocks=U32,
    silence_policy=SILENCE_POLICY,
    payment_rule=enum(SecondScore=(0, UNIT), FirstPrice=(1, UNIT)),
    w_fee=U32,
    w_time=U32,
    w_share=U32,
    min_proof_blocks=U32,
    max_proof_blocks=U32,
    min_reserve=U128,
    initial_reserve=U128,
    max_reserve=U128,
    reserve_margin=U32,
    reserve_weight=U32,
    escalation_factor=U32,
    silence_penalty=U128,
    grace_blocks=U32,
    late_rate=U32,
    ladder_len=U32,
    ladder_blocks=U32,
    rescue_blocks=U32,
    max_empty_rounds=U32,
    max_failed_rounds=U32,
    sequencer_bond=U128,
)
SNAPSHOT = struct(
    params=PARAMS,
    finality_gap=U32,
    inclusion_slack=U32,
    max_bids=U32,
    slot_fee_base=U128,
    seal_timing=SEAL_TIMING,
    seal_digest=BYTES32,
)
PLACE = struct(
    prover=ACCOUNT, fee=U128, payment=U128, proof_blocks=U32, proof_commitment=option(BYTES32), bond=U128
)
LADDER = sequence(PLACE, 8)
DELIVERY = struct(assigned_at=U32, clock=U32, on_time_until=U32, late_until=U32)
STAGE = enum(
    Auction=(0, struct(bids=U32, sealed=U32, opened=U32)),
    Assigned=(1, struct(place=PLACE, delivery=DELIVERY, first_payment=U128, ladder=LADDER)),
    Offered=(2, struct(offered_at=U32, first_payment=U128, place=PLACE, ladder=LADDER)),
    Rescue=(3, struct(started_at=U32, first_payment=U128)),
    Waiting=(4, UNIT),
    Proven=(5, struct(prover=ACCOUNT, at=U32, paid=U128)),
)
ROUND = struct(
    number=U32,
    opened_at=U32,
    reserve=U128,
    empty_rounds=U32,
    failed_rounds=U32,
    slashed=U128,
    counted=U32,
    stage=STAGE,
)
DUE = struct(lane=enum(Closes=(0, UNIT), Others=(1, UNIT)), at=U32)
PENDING_PLACE = struct(kind=enum(Guaranteed=(0, UNIT), Pool=(1, UNIT)), rate=U128, until=U32)
BATCH = struct(
    sequencer=ACCOUNT,
    committed_at=U32,
    prev_state_root=BYTES32,
    next_state_root=BYTES32,
    data_commitment=BYTES32,
    genesis_hash=BYTES32,
    max_fee=U128,
    deposit=U128,
    place=PENDING_PLACE,
    snapshot=SNAPSHOT,
    round=ROUND,
    due=option(DUE),
    cleaned=BOOL,
)
MARKET_STATS = struct(
    proven=U64,
    failed=U64,
    dropped=U64,
    late=U64,
    defaults=U64,
    empty_rounds=U64,
    paid=U128,
    last_payment=U128,
    latency_blocks=U64,
    last_latency_blocks=U32,
)
ROLLUP = struct(
    owner=ACCOUNT,
    sequencer=ACCOUNT,
    verifying_key_hash=BYTES32,
    genesis_root=BYTES32,
    finalized_root=BYTES32,
    next_to_finalize=U64,
    next_index=U64,
    tip_root=BYTES32,
    pending=U32,
    guaranteed=U32,
    waiting=U32,
    finals=U64,
    stats=MARKET_STATS,
    params=PARAMS,
    prices=RESERVE,
    deposit=U128,
    offered_to=option(ACCOUNT),
)
TERMS = struct(fee=U128, proof_blocks=U32, proof_commitment=option(BYTES32), salt=BYTES32, score=U128)
BID_STAGE = enum(Sealed=(0, UNIT), Revealed=(1, TERMS), Void=(2, UNIT), Opened=(3, TERMS))
BID = struct(commitment=BYTES32, seal_hash=BYTES32, placed=SEAL_PLACE, share=U32, stage=BID_STAGE)
SCORING = struct(w_fee=U32, w_time=U32, w_share=U32, min_proof_blocks=U32, max_proof_blocks=U32)
CLOSED_ROUND = struct(
    reserve=U128,
    silence_penalty=U128,
    scoring=SCORING,
    winner=option(struct(won=U128, paid=U128)),
    until=U32,
)
UNSETTLED_ROUND = struct(
    committer=ACCOUNT,
    sequencer=ACCOUNT,
    batch_digest=BYTES32,
    seal_digest=BYTES32,
    closed=CLOSED_ROUND,
    bids=U32,
    expires_at=U32,
)
UNSETTLED_BID = struct(commitment=BYTES32, seal_hash=BYTES32, placed=SEAL_PLACE, share=U32)
PROVER_STATS = struct(
    bids=U32,
    reveals=U32,
    wins=U32,
    on_time=U32,
    late=U32,
    defaults=U32,
    silences=U32,
    opened=U32,
    earned=U128,
    slashed=U128,
)
PROVER = struct(
    stake=U128,
    reserved=U128,
    unbonding=option(UNBONDING),
    deposit=U128,
    recent=RECENT_COUNT,
    recent_paid=RECENT_AMOUNT,
    stats=PROVER_STATS,
)
AGENDA_KEY = tuple_of(U8, big(4), big(4), big(8))
EXPIRY_KEY = tuple_of(big(4), big(4), big(8), big(4))
PASS = struct(last=option(tuple_of(U32, U32)), until=U32)
PASSES = tuple_of(PASS, PASS)
CHAIN_TOTALS = struct(recent_proofs=RECENT_COUNT, taken_places=U32, kept_bonds=U128)
PREPARED_KEY = filled(768 + 384)

# Hashers of keys, by what they put before the key.
IDENTITY, TWOX, BLAKE2 = 0, 8, 16
# Each item of the storage: the hashers and the types of its keys, and the type of its value.
ITEMS = {
    "NextRollupId": ([], U32),
    "RollupCount": ([], U32),
    "Rollups": ([(TWOX, U32)], ROLLUP),
    "RecentBatches": ([(TWOX, U32), (TWOX, U32)], RECENT_BATCH),
    "VerifyingKeys": ([(TWOX, U32)], PREPARED_KEY),
    "Batches": ([(TWOX, BATCH_ID)], BATCH),
    "Totals": ([], CHAIN_TOTALS),
    "Bids": ([(TWOX, BATCH_ID), (BLAKE2, ACCOUNT)], BID),
    "UnsettledRounds": ([(TWOX, BATCH_ID), (TWOX, U32)], UNSETTLED_ROUND),
    "UnsettledBids": ([(TWOX, tuple_of(BATCH_ID, U32)), (BLAKE2, ACCOUNT)], UNSETTLED_BID),
    "Expiries": ([(IDENTITY, EXPIRY_KEY)], UNIT),
    "Provers": ([(BLAKE2, ACCOUNT)], PROVER),
    "Agenda": ([(IDENTITY, AGENDA_KEY)], UNIT),
    "CurrentPasses": ([], PASSES),
    "CommitsInBlock": ([], U32),
    "BlockDataBytes": ([], U32),
}


def params(policy):
    return {
        "layout": "Fields",
        "data_len": 1,
        "bidding_blocks": 2,
        "reveal_blocks": 3,
        "silence_policy": policy,
        "payment_rule": "FirstPrice",
        "w_fee": 4,
        "w_time": 5,
        "w_share": 6,
        "min_proof_blocks": 7,
        "max_proof_blocks": 8,
        "min_reserve": 9,
        "initial_reserve": 10,
        "max_reserve": 11,
        "reserve_margin": 12,
        "reserve_weight": 13,
        "escalation_factor": 14,
        "silence_penalty": 15,
        "grace_blocks": 16,
        "late_rate": 17,
        "ladder_len": 18,
        "ladder_blocks": 19,
        "rescue_blocks": 20,
        "max_empty_rounds": 21,
        "max_failed_rounds": 22,
        "sequencer_bond": 23,
    }


def place(prover, proof_commitment):
    return {
        "prover": prover,
        "fee": 1 << 100,
        "payment": 2,
        "proof_blocks": 3,
        "proof_commitment": proof_commitment,
        "bond": 4,
    }


DELIVERED = {"assigned_at": 1, "clock": 2, "on_time_until": 3, "late_until": 4}
STAGES = {
    "auction": ("Auction", {"bids": 3, "sealed": 2, "opened": 1}),
    "assigned": (
        "Assigned",
        {
            "place": place(0xA1, 0xB1),
            "delivery": DELIVERED,
            "first_payment": 5,
            "ladder": [place(0xA2, None), place(0xA3, 0xB3)],
        },
    ),
    "offered": (
        "Offered",
        {"offered_at": 1, "first_payment": 2, "place": place(0xA2, None), "ladder": [place(0xA3, 0xB3)]},
    ),
    "rescue": ("Rescue", {"started_at": 1, "first_payment": 2}),
    "waiting": "Waiting",
    "proven": ("Proven", {"prover": 0xA1, "at": 1, "paid": 2}),
}


def batch(stage, policy, due):
    return {
        "sequencer": 0xC1,
        "committed_at": 1,
        "prev_state_root": 2,
        "next_state_root": 3,
        "data_commitment": 4,
        "genesis_hash": 0xE1,
        "max_fee": 5,
        "deposit": 6,
        "place": {"kind": "Pool", "rate": 7, "until": 8},
        "snapshot": {
            "params": params(policy),
            "finality_gap": 1,
            "inclusion_slack": 2,
            "max_bids": 3,
            "slot_fee_base": 4,
            "seal_timing": {
                "slot_millis": 1,
                "stretch_percent": 2,
                "fastest_squarings": 3,
                "margin": 4,
                "opener_squarings": 5,
                "opener_cores": 6,
            },
            "seal_digest": 0xD1,
        },
        "round": {
            "number": 1,
            "opened_at": 2,
            "reserve": 3,
            "empty_rounds": 4,
            "failed_rounds": 5,
            "slashed": 6,
            "counted": 7,
            "stage": stage,
        },
        "due": due,
        "cleaned": True,
    }


def rollup(offered_to, mean):
    return {
        "owner": 0xC2,
        "sequencer": 0xC1,
        "verifying_key_hash": 1,
        "genesis_root": 2,
        "finalized_root": 3,
        "next_to_finalize": 1 << 40,
        "next_index": (1 << 40) + 1,
        "tip_root": 4,
        "pending": 5,
        "guaranteed": 6,
        "waiting": 7,
        "finals": 8,
        "stats": STATS,
        "params": params(("Settle", 24)),
        "prices": {"reserve": 7, "mean": mean},
        "deposit": 8,
        "offered_to": offered_to,
    }


OFFER = {"fee": 1, "proof_blocks": 2, "proof_commitment": 0xB1, "salt": 0xB2, "score": 3}


def bid(stage):
    return {
        "commitment": 1,
        "seal_hash": 2,
        "placed": {"block": 3, "extrinsic": 4},
        "share": 5,
        "stage": stage,
    }


def unsettled_round(winner):
    return {
        "committer": 0xC1,
        "sequencer": 0xC3,
        "batch_digest": 1,
        "seal_digest": 2,
        "closed": {
            "reserve": 3,
            "silence_penalty": 4,
            "scoring": {"w_fee": 5, "w_time": 6, "w_share": 7, "min_proof_blocks": 8, "max_proof_blocks": 9},
            "winner": winner,
            "until": 10,
        },
        "bids": 11,
        "expires_at": 12,
    }


def prover(unbonding):
    return {
        "stake": 1,
        "reserved": 2,
        "unbonding": unbonding,
        "deposit": 3,
        "recent": {"epoch": 4, "count": 5},
        "recent_paid": {"epoch": 6, "amount": 7},
        "stats": {
            "bids": 8,
            "reveals": 9,
            "wins": 10,
            "on_time": 11,
            "late": 12,
            "defaults": 13,
            "silences": 14,
            "opened": 15,
            "earned": 16,
            "slashed": 17,
        },
    }


POLICIES = ["Exclude", ("ForceOpen", 24), ("Settle", 24)]
STATS = dict(zip(("proven", "failed", "dropped", "late", "defaults", "empty_rounds"), range(1, 7)))
STATS |= {"paid": 7, "last_payment": 8, "latency_blocks": 9, "last_latency_blocks": 10}


def cases():
    """The rows, by the item that they stand in and what is particular about them."""
    yield "NextRollupId", "", U32.of(0x01020304)
    yield "RollupCount", "", U32.of(0x01020304)
    yield "Rollups", "offered", ROLLUP.of(rollup(0xC4, 9))
    yield "Rollups", "fresh", ROLLUP.of(rollup(None, None))
    yield "RecentBatches", "", RECENT_BATCH.of({"prover": 0xA1, "paid": 1})
    yield "VerifyingKeys", "", PREPARED_KEY.of(0x5A)
    for number, (name, stage) in enumerate(STAGES.items()):
        due = {"lane": "Closes" if name == "auction" else "Others", "at": 9}
        resting = name in ("waiting", "proven")
        yield "Batches", name, BATCH.of(batch(stage, POLICIES[number % 3], None if resting else due))
    totals = {"recent_proofs": {"epoch": 1, "count": 2}, "taken_places": 3, "kept_bonds": 1 << 100}
    yield "Totals", "", CHAIN_TOTALS.of(totals)
    for name, stage in [
        ("sealed", "Sealed"),
        ("revealed", ("Revealed", OFFER)),
        ("void", "Void"),
        ("opened", ("Opened", OFFER)),
    ]:
        yield "Bids", name, BID.of(bid(stage))
    yield "UnsettledRounds", "won", UNSETTLED_ROUND.of(unsettled_round({"won": 13, "paid": 14}))
    yield "UnsettledRounds", "empty", UNSETTLED_ROUND.of(unsettled_round(None))
    silent = {name: value for name, value in bid(None).items() if name != "stage"}
    yield "UnsettledBids", "", UNSETTLED_BID.of(silent)
    yield "Expiries", "key", EXPIRY_KEY.of((1, 2, 3, 4))
    yield "Provers", "unbonding", PROVER.of(prover({"amount": 18, "at": 19}))
    yield "Provers", "bonded", PROVER.of(prover(None))
    yield "Agenda", "closes", AGENDA_KEY.of((0, 1, 2, 3))
    yield "Agenda", "others", AGENDA_KEY.of((1, 1, 2, 3))
    yield "CurrentPasses", "", PASSES.of(({"last": (1, 2), "until": 3}, {"last": None, "until": 4}))
    yield "CommitsInBlock", "", U32.of(0x01020304)
    yield "BlockDataBytes", "", U32.of(0x01020304)


def most(item):
    keys, value = ITEMS[item]
    return sum(hash_bytes + key.most for hash_bytes, key in keys) + value.most


def expected():
    rows = [{"item": item, "what": what, "bytes": "0x" + row.hex()} for item, what, row in cases()]
    assert {row["item"] for row in rows} == set(ITEMS)
    return {
        "about": "SCALE bytes of rows of the pallet's storage, version 2, and the most bytes of key and value",
        "cases": rows,
        "max_size": {item: most(item) for item in sorted(ITEMS)},
    }


def main():
    found = json.loads((HERE / "storage.json").read_text())
    if found == expected():
        print(f"storage: {len(found['cases'])} rows, {len(found['max_size'])} items, all agree")
        return 0
    for row, wanted in zip(found["cases"], expected()["cases"]):
        if row != wanted:
            print(f"storage: {wanted['item']} {wanted['what']}: {row} instead of {wanted}", file=sys.stderr)
    print("storage: differs", file=sys.stderr)
    return 1
