# SPDX-License-Identifier: Apache-2.0
"""Computes the vectors of `pvs-primitives` a second way: every file but those of seals."""

import hashlib
import json
import pathlib
import sys

MODULUS = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
BITS, WIDTH, FULL, PARTIAL = 254, 5, 8, 60
HERE = pathlib.Path(__file__).parent
# These files have a check of their own.
OTHERS = {"seal", "storage"}


def grain():
    """The Grain LFSR of the Poseidon paper, appendix E, as a stream of bits."""
    fields = [(1, 2), (0, 4), (BITS, 12), (WIDTH, 12), (FULL, 10), (PARTIAL, 10)]
    state = [int(bit) for value, width in fields for bit in format(value, f"0{width}b")] + [1] * 30

    def step():
        bit = 0
        for tap in (62, 51, 38, 23, 13, 0):
            bit ^= state[tap]
        state.pop(0)
        state.append(bit)
        return bit

    for _ in range(160):
        step()
    while True:
        chosen, bit = step(), step()
        if chosen:
            yield bit


def parameters():
    """Round constants and matrix."""
    stream = grain()
    draw = lambda: int("".join(str(next(stream)) for _ in range(BITS)), 2)
    constants = []
    while len(constants) < (FULL + PARTIAL) * WIDTH:
        number = draw()
        if number < MODULUS:
            constants.append(number)
    x = [draw() % MODULUS for _ in range(WIDTH)]
    y = [draw() % MODULUS for _ in range(WIDTH)]
    return constants, [[pow(a + b, -1, MODULUS) for b in y] for a in x]


CONSTANTS, MATRIX = parameters()


def poseidon(inputs):
    state = [0] + inputs
    for number in range(FULL + PARTIAL):
        added = CONSTANTS[number * WIDTH : (number + 1) * WIDTH]
        state = [(a + b) % MODULUS for a, b in zip(state, added)]
        full = number < FULL // 2 or number >= FULL // 2 + PARTIAL
        substituted = WIDTH if full else 1
        state = [pow(s, 5, MODULUS) if i < substituted else s for i, s in enumerate(state)]
        state = [sum(m * s for m, s in zip(row, state)) % MODULUS for row in MATRIX]
    return state[0]


def data_commitment(data):
    chunks = [data[i : i + 31].ljust(31, b"\0") for i in range(0, len(data), 31)]
    numbers = [int.from_bytes(chunk, "big") for chunk in chunks]
    numbers += [0] * (-len(numbers) % 3)
    acc = len(data)
    for i in range(0, len(numbers), 3):
        acc = poseidon([acc] + numbers[i : i + 3])
    return acc.to_bytes(32, "big")


def blake2(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def unhex(text):
    return bytes.fromhex(text.removeprefix("0x"))


def le(value, width):
    """Little-endian bytes of a number, or, where it is wider than 32 bits, of a decimal string."""
    if isinstance(value, str) != (width > 4):
        raise ValueError(f"{value!r} of {width} bytes: above 4 a string, else a number")
    return int(value).to_bytes(width, "little")


def unsafe_numbers(value):
    """All numbers that JavaScript, which reads them as doubles, may round."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for part in value for number in unsafe_numbers(part)]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return [value] if is_number and not (isinstance(value, int) and 0 <= value < 1 << 53) else []


def place(case):
    """What ties a hash to one batch and round."""
    return (
        unhex(case["genesis_hash"])
        + le(case["rollup"], 4)
        + le(case["index"], 8)
        + le(case["round"], 4)
    )


def payload(case):
    proof = case["proof_commitment"]
    flagged = b"\0" * 33 if proof is None else b"\1" + unhex(proof)
    return le(case["fee"], 16) + le(case["proof_blocks"], 4) + flagged + unhex(case["salt"])


def params(values):
    """A rollup's parameters in SCALE: fixed width, little-endian, in the order of the struct."""
    amounts = {"min_reserve", "initial_reserve", "max_reserve", "silence_penalty", "sequencer_bond"}
    order = (
        "layout data_len bidding_blocks reveal_blocks silence_policy payment_rule w_fee w_time w_share "
        "min_proof_blocks max_proof_blocks min_reserve initial_reserve max_reserve reserve_margin "
        "reserve_weight escalation_factor silence_penalty grace_blocks late_rate ladder_len "
        "ladder_blocks rescue_blocks max_empty_rounds max_failed_rounds sequencer_bond"
    ).split()
    if set(order) != set(values):
        raise ValueError(f"fields differ: {set(order) ^ set(values)}")
    rules, layouts = ["SecondScore", "FirstPrice"], ["Fields"]

    def encode(name):
        value = values[name]
        if name == "layout":
            return le(layouts.index(value), 1)
        if name == "payment_rule":
            return le(rules.index(value), 1)
        if name == "silence_policy":
            # A variant's index, and the length of its window if it has one.
            if value == "Exclude":
                return le(0, 1)
            ((variant, window),) = value.items()
            index, field = {"ForceOpen": (1, "opening_blocks"), "Settle": (2, "settle_blocks")}[variant]
            return le(index, 1) + le(window[field], 4)
        return le(value, 16 if name in amounts else 4)

    return b"".join(encode(name) for name in order)


def numbers(values, widths):
    """Numbers in SCALE, in the order of these widths."""
    if set(widths) != set(values):
        raise ValueError(f"fields differ: {set(widths) ^ set(values)}")
    return b"".join(le(values[name], width) for name, width in widths.items())


def snapshot(values):
    """What a batch is bound to, in SCALE: parameters, constants, seal timing, digest of the seals."""
    timing = {
        "slot_millis": 8,
        "stretch_percent": 4,
        "fastest_squarings": 8,
        "margin": 4,
        "opener_squarings": 8,
        "opener_cores": 4,
    }
    constants = {"finality_gap": 4, "inclusion_slack": 4, "max_bids": 4, "slot_fee_base": 16}
    rest = dict(values)
    encoded = params(rest.pop("params"))
    encoded_timing = numbers(rest.pop("seal_timing"), timing)
    digest = unhex(rest.pop("seal_digest"))
    return encoded + numbers(rest, constants) + encoded_timing + digest


def check_poseidon(case):
    inputs = [int(text, 16) for text in case["inputs"]]
    return poseidon(inputs).to_bytes(32, "big") == unhex(case["output"])


def check_data_commitment(case):
    return data_commitment(unhex(case["data"])) == unhex(case["commitment"])


def check_binding(case):
    digest = blake2(b"pvs/binding/v1", place(case), unhex(case["prover"]))
    return b"\0" + digest[:31] == unhex(case["binding"])


def check_bid(case):
    encoded = payload(case)
    context = [place(case), unhex(case["batch_digest"]), unhex(case["bidder"])]
    commitment = blake2(b"pvs/bid/v1", *context, encoded)
    return encoded == unhex(case["payload"]) and commitment == unhex(case["commitment"])


def check_malformed_payload(case):
    encoded = unhex(case["payload"])
    if len(encoded) != 85:
        return case["error"] == "WrongLength"
    if encoded[20] > 1:
        return case["error"] == "UnknownFlag"
    return encoded[20] == 0 and any(encoded[21:53]) and case["error"] == "UnflaggedCommitment"


def check_batch_digest(case):
    roots = [unhex(case[name]) for name in ("prev_state_root", "next_state_root", "data_commitment")]
    amounts = [le(case["max_fee"], 16), le(case["reserve"], 16)]
    encoded = snapshot(case["snapshot"])
    digest = blake2(b"pvs/batch/v1", *roots, *amounts, blake2(encoded))
    return encoded == unhex(case["snapshot_bytes"]) and digest == unhex(case["batch_digest"])


def check_digest_item(case):
    integers = le(case["rollup"], 4) + le(case["index"], 8) + le(case["extrinsic"], 4)
    item = integers + unhex(case["data_commitment"])
    engine = unhex(case["engine"]) == b"pvsb"
    return engine and len(item) == 48 and item == unhex(case["item"])


def main():
    checks = {
        name.removeprefix("check_"): check
        for name, check in globals().items()
        if name.startswith("check_")
    }
    files = sorted({path.stem for path in HERE.glob("*.json")} - OTHERS)
    if files != sorted(checks):
        print(f"files and checks differ: {files}, {sorted(checks)}", file=sys.stderr)
        return 1
    wrong = 0
    for name in files:
        file = json.loads((HERE / f"{name}.json").read_text())
        if numbers := unsafe_numbers(file):
            print(f"{name}: numbers that must be strings: {numbers}", file=sys.stderr)
            return 1
        cases = file["cases"]
        bad = [number for number, case in enumerate(cases) if not checks[name](case)]
        wrong += len(bad)
        print(f"{name}: {len(cases)} cases, " + (f"wrong: {bad}" if bad else "all agree"))
    return 1 if wrong else 0
