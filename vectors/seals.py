# SPDX-License-Identifier: Apache-2.0
"""Computes the vectors of `pvs-timelock` a second way: seals, their solutions and the proofs of these."""

import hashlib
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent
# The sets of parameters that the crate ships.
SHIPPED = HERE.parent / "crates/timelock/parameters"
# RSA Laboratories' RSA-2048, decimal as it was published.
N = int(
    "25195908475657893494027183240048398571429282126204032027777137836043662020707595556264018525880784"
    "40691829064124951508218929855914917618450280848912007284499268739280728777673597141834727026189637"
    "50149718246911650776133798590957000973304597488084284017974291006424586918171951187461215151726546"
    "32282216869987549182422433637259085141865462043576798423387184774447920739934236584823824281198163"
    "81501067481045166037730605620161967625613384414360383390441495263443219011465754445417842402092461"
    "65157233507787077498171257724679629263863563732899121548314381678998850404453640235273819513786365"
    "64391212010397122822120720357"
)
G = 4
LARGEST = (N - 1) // 2
MAX_CANDIDATES, MAX_TESTS = 1024, 64


class Refused(Exception):
    """Carries the name of the error."""


def blake2(size, *parts):
    return hashlib.blake2b(b"".join(parts), digest_size=size).digest()


def unhex(text):
    return bytes.fromhex(text.removeprefix("0x"))


def wide(text):
    """A value of u64: a decimal string, so that no reader rounds it."""
    if not isinstance(text, str):
        raise ValueError(f"{text!r}: values of u64 are decimal strings")
    return int(text)


def unsafe_numbers(value):
    """All numbers that JavaScript, which reads them as doubles, may round."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for part in value for number in unsafe_numbers(part)]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return [value] if is_number and not (isinstance(value, int) and 0 <= value < 1 << 53) else []


def number(data):
    return int.from_bytes(data, "big")


def element(value):
    """The only encoding of an element: the smaller of x and N - x."""
    value %= N
    return min(value, N - value).to_bytes(256, "big")


# ChaCha20-Poly1305, RFC 8439.


def quarter(state, a, b, c, d):
    for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[x] = (state[x] + state[y]) & 0xFFFFFFFF
        mixed = state[z] ^ state[x]
        state[z] = ((mixed << turn) | (mixed >> (32 - turn))) & 0xFFFFFFFF


def chacha20_block(key, counter, nonce):
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    start += [*struct.unpack("<8I", key), counter, *struct.unpack("<3I", nonce)]
    state = list(start)
    for _ in range(10):
        for column in range(4):
            quarter(state, column, column + 4, column + 8, column + 12)
        for i in range(4):
            quarter(state, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(state, start)))


def chacha20(key, nonce, data):
    blocks = range(1, 2 + len(data) // 64)
    stream = b"".join(chacha20_block(key, counter, nonce) for counter in blocks)
    return bytes(a ^ b for a, b in zip(data, stream))


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for i in range(0, len(message), 16):
        block = message[i : i + 16] + b"\1"
        acc = (acc + int.from_bytes(block, "little")) * r % (2**130 - 5)
    return ((acc + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def tag(key, nonce, associated, ciphertext):
    padded = [part + bytes(-len(part) % 16) for part in (associated, ciphertext)]
    lengths = struct.pack("<QQ", len(associated), len(ciphertext))
    return poly1305(chacha20_block(key, 0, nonce)[:32], b"".join(padded) + lengths)


def check_rfc8439():
    """The example of section 2.8.2."""
    key, nonce = bytes(range(0x80, 0xA0)), bytes.fromhex("070000004041424344454647")
    text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
    text += b"future, sunscreen would be it."
    ciphertext = chacha20(key, nonce, text)
    found = tag(key, nonce, bytes.fromhex("50515253c0c1c2c3c4c5c6c7"), ciphertext)
    return found.hex() == "1ae10b594f09e26a7e902ecbd0600691"


# Challenges.


def is_prime(n):
    """Miller-Rabin with the primes from 59 to 131."""
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131):
        power = pow(base, odd, n)
        if power in (1, n - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % n
            if power == n - 1:
                break
        else:
            return False
    return True


SMALL_PRIMES = [n for n in range(3, 1024) if all(n % d for d in range(2, n))]


def challenge(*transcript):
    seed = blake2(64, *transcript)
    tests = 0
    for i in range(MAX_CANDIDATES):
        digest = blake2(64, b"pvs/challenge/v1", seed, struct.pack("<I", i))
        candidate = number(digest[:33]) | 1 << 263 | 1
        if any(candidate % prime == 0 for prime in SMALL_PRIMES):
            continue
        if tests == MAX_TESTS:
            break
        tests += 1
        if is_prime(candidate):
            return candidate
    raise Refused("ChallengeNotFound")


def canonical(data, error):
    value = number(data)
    if not 0 < value <= LARGEST:
        raise Refused(error)
    return value


class Parameters:
    def __init__(self, values):
        self.delay = wide(values["delay"])
        self.t = struct.pack("<Q", self.delay)
        self.h = unhex(values["h"])
        self.proof = unhex(values["h_proof"])
        self.digest = blake2(
            32, b"pvs/seal-parameters/v1", element_bytes(N), self.t, element(G), self.h
        )

    def check(self):
        """h is g^(2^T), squared again, and its proof holds."""
        if number(self.h) != number(element(pow(G, 1 << self.delay, N))):
            return False
        start = (b"pvs/seal-parameters-proof/v1", element_bytes(N), self.t, element(G), self.h)
        prime = challenge(*start, self.proof[:1])
        return wesolowski(G, self.delay, prime, number(self.proof[1:])) == self.h


def element_bytes(value):
    return value.to_bytes(256, "big")


def wesolowski(base, delay, prime, pi):
    return element(pow(pi, prime, N) * pow(base, pow(2, delay, prime), N))


def check_seal(seal):
    u = number(seal[:256])
    if u < 2:
        raise Refused("SealTrivial")
    canonical(seal[:256], "SealNotCanonical")


def opening_challenge(parameters, case, attempt):
    seal = unhex(case["seal"])
    return challenge(
        b"pvs/opening/v1",
        element_bytes(N),
        parameters.t,
        seal[:256],
        unhex(case["solution"]),
        unhex(case["context"]),
        unhex(case["commitment"]),
        seal[256:],
        unhex(case["opener"]),
        bytes([attempt]),
    )


def verify(parameters, case):
    solution, proof = unhex(case["solution"]), unhex(case["proof"])
    canonical(solution, "SolutionNotCanonical")
    pi = canonical(proof[1:], "ProofNotCanonical")
    prime = opening_challenge(parameters, case, proof[0])
    u = number(unhex(case["seal"])[:256])
    if wesolowski(u, parameters.delay, prime, pi) != solution:
        raise Refused("WrongSolution")


def seal_key(parameters, u, context, solution):
    return blake2(32, b"pvs/seal-key/v1", parameters.digest, solution, u, context)


def decrypt(parameters, case):
    seal, context = unhex(case["seal"]), unhex(case["context"])
    key = seal_key(parameters, seal[:256], context, unhex(case["solution"]))
    ciphertext, found = seal[256:341], seal[341:]
    if tag(key, bytes(12), context, ciphertext) != found:
        raise Refused("NotAuthentic")
    return chacha20(key, bytes(12), ciphertext)


def outcome(parameters, case):
    try:
        check_seal(unhex(case["seal"]))
        verify(parameters, case)
        payload = decrypt(parameters, case)
        if blake2(32, unhex(case["context"]), payload) != unhex(case["commitment"]):
            raise Refused("CommitmentDiffers")
    except Refused as refused:
        return str(refused)
    return "Ok"


def seal(parameters, case):
    r, context = number(unhex(case["exponent"])), unhex(case["context"])
    u = element(pow(G, r, N))
    key = seal_key(parameters, u, context, element(pow(number(parameters.h), r, N)))
    ciphertext = chacha20(key, bytes(12), unhex(case["payload"]))
    return u + ciphertext + tag(key, bytes(12), context, ciphertext)


def check_good(parameters, case):
    sealed = seal(parameters, case)
    context, solution = unhex(case["context"]), unhex(case["solution"])
    prime = opening_challenge(parameters, case, case["attempt"])
    squared = element(pow(number(sealed[:256]), 1 << parameters.delay, N))
    pi = element(pow(number(sealed[:256]), (1 << parameters.delay) // prime, N))
    return (
        sealed == unhex(case["seal"])
        and squared == solution
        and seal_key(parameters, sealed[:256], context, solution) == unhex(case["key"])
        and prime == number(unhex(case["challenge_prime"]))
        and bytes([case["attempt"]]) + pi == unhex(case["proof"])
        and outcome(parameters, case) == "Ok"
    )


def main():
    file = json.loads((HERE / "seal.json").read_text())
    if numbers := unsafe_numbers(file):
        print(f"numbers that must be strings: {numbers}", file=sys.stderr)
        return 1
    values = file["parameters"]
    parameters = Parameters(values)
    wrong = []
    if not check_rfc8439():
        wrong.append("ChaCha20-Poly1305")
    if number(unhex(values["modulus"])) != N or number(unhex(values["generator"])) != G:
        wrong.append("modulus or generator")
    if not parameters.check() or parameters.digest != unhex(values["digest"]):
        wrong.append("parameters")
    for shipped in file["shipped"]:
        data = (SHIPPED / f"{shipped['name'].replace('-', '_')}.bin").read_bytes()
        shipped_set = {"delay": shipped["delay"], "h": data[:256].hex(), "h_proof": data[256:].hex()}
        read = Parameters(shipped_set)
        start = (b"pvs/seal-parameters-proof/v1", element_bytes(N), read.t, element(G), read.h)
        prime = challenge(*start, read.proof[:1])
        proven = wesolowski(G, read.delay, prime, number(read.proof[1:])) == read.h
        if not proven or read.digest != unhex(shipped["digest"]):
            wrong.append(f"parameters {shipped['name']}")
    wrong += [f"good {i}" for i, case in enumerate(file["good"]) if not check_good(parameters, case)]
    for case in file["bad"]:
        found = outcome(parameters, case)
        if found != case["error"] or found == "Ok":
            wrong.append(f"bad, {case['what']}: {found} instead of {case['error']}")
    counts = f"{len(file['good'])} good, {len(file['bad'])} bad, {len(file['shipped'])} sets"
    print(f"seal: {counts}, " + ("; ".join(wrong) if wrong else "all agree"))
    return 1 if wrong else 0
