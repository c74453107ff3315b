"""No forged, cut, reordered or split-view document is verified, whatever its reader has stated."""

from __future__ import annotations

import base64
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import typer

from headland.errors import SettingsError
from headland.proof.checkpoint import LOG_KEY, WITNESS_KEY, SigningKey, read_checkpoint
from headland.proof.leaves import leaf_of
from headland.proof.merkle import hash_leaf, prove_inclusion, root_of
from headland.proof.proof_document import ProofDocument, sha256_of
from headland.proof.witness import cosign
from station.cli.commands.farm.verify import verify
from tests.examples import examples
from tests.proof.builder import KEY, SmallLog

#: `HEADLAND_FORGED_DOCUMENTS=5000` tries so many.
DOCUMENTS = int(os.environ.get("HEADLAND_FORGED_DOCUMENTS", examples(300)))
TIME_S = 1_790_000_000
WITNESS = SigningKey("headland.test/witness/county", WITNESS_KEY, bytes(range(64, 96)))
#: A key that the forger has made, for the true log's name or for another.
FORGER = SigningKey(KEY.name, LOG_KEY, bytes(range(96, 128)))
INVENTED = SigningKey("headland.test/witness/state", WITNESS_KEY, bytes(range(128, 160)))
NAMESAKE = SigningKey(WITNESS.name, WITNESS_KEY, bytes(range(160, 192)))


def cosigned(proof: ProofDocument, *witnesses: SigningKey) -> ProofDocument:
    lines = "".join(cosign(read_checkpoint(proof.checkpoint), witness, TIME_S) for witness in witnesses)
    keys = (*proof.keys, *(witness.public.text() for witness in witnesses))
    return msgspec.structs.replace(proof, checkpoint=proof.checkpoint + lines, keys=keys)


class Scene:
    """A true log, the checkpoint of it that the reader kept, its document, and what a forger makes of it."""

    def __init__(self, number: int) -> None:
        self.chance = random.Random(number)
        size = self.chance.randrange(3, 20)
        self.log = SmallLog([f'{{"lot":"{number}-{each}"}}' for each in range(size)])
        self.place = self.chance.randrange(size)
        self.old = self.chance.randrange(1, size)
        self.kept = self.log.checkpoint(self.old)
        self.true = cosigned(self.log.proof(self.place, old_size=self.old), WITNESS)

    def other_place(self) -> int:
        return self.chance.choice([each for each in range(len(self.log.texts)) if each != self.place])

    def anew(self, key: SigningKey) -> ProofDocument:
        """Return the proof of another text, in a log that was written anew from before what the reader kept."""
        texts = list(self.log.texts)
        changed = self.chance.randrange(self.old)
        texts[changed] = f"forged {self.chance.random()}"
        more = [f"later {each}" for each in range(self.chance.randrange(3))]
        proof = SmallLog([*texts, *more], key).proof(changed, old_size=self.old)
        if self.chance.random() < 0.5:
            # The path of the true log, as far as it goes.
            proof = msgspec.structs.replace(proof, consistency=self.true.consistency)
        return self._witnessed(proof)

    def _witnessed(self, proof: ProofDocument) -> ProofDocument:
        """Return a proof with lines that are, or look like, a witness's."""
        how = self.chance.choice(("none", "invented", "namesake", "copied", "noise"))
        if how == "invented":
            return cosigned(proof, INVENTED)
        if how == "namesake":
            return cosigned(proof, NAMESAKE)
        true_line = self.true.checkpoint.splitlines()[-1] + "\n"
        noise = base64.b64encode(WITNESS.public.key_hash + self.chance.randbytes(72)).decode()
        line = {"none": "", "copied": true_line, "noise": f"— {WITNESS.name} {noise}\n"}[how]
        keys = (*proof.keys, WITNESS.public.text())
        return msgspec.structs.replace(proof, checkpoint=proof.checkpoint + line, keys=keys)


def by_own_key(scene: Scene) -> ProofDocument:
    """A log of the forger's own, by the true log's name or another."""
    other = SigningKey("headland.test/log/else", LOG_KEY, FORGER.seed)
    forged = scene.anew(scene.chance.choice((FORGER, other)))
    if scene.chance.random() < 0.3:
        forged = msgspec.structs.replace(forged, keys=(*forged.keys, KEY.public.text()))
    return forged


def split_view(scene: Scene) -> ProofDocument:
    """Another history, signed by the true log's own key: its operator forges."""
    return scene.anew(KEY)


def other_text(scene: Scene) -> ProofDocument:
    """Another text, with all that the forger can make of it without a key."""
    text = f"forged {scene.chance.random()}"
    body = scene.true.body.replace(sha256_of(scene.true.text), sha256_of(text))
    forged = msgspec.structs.replace(scene.true, text=text, body=body)
    if scene.chance.random() < 0.5:
        # A new root over it, under the true signatures.
        hashes = [hash_leaf(leaf.content()) for leaf in scene.log.leaves]
        hashes[scene.place] = hash_leaf(leaf_of("release", body, forged.entry_sha256).content())
        old = read_checkpoint(scene.true.checkpoint).checkpoint.root
        note = scene.true.checkpoint.replace(base64.b64encode(old).decode(), base64.b64encode(root_of(hashes)).decode())
        forged = msgspec.structs.replace(forged, checkpoint=note)
    return forged


def changed_letter(scene: Scene) -> ProofDocument | dict[str, Any]:
    """A letter changed in what is proven."""
    whole: dict[str, Any] = msgspec.to_builtins(scene.true)
    name = scene.chance.choice(("text", "kind", "body", "entry_sha256", "checkpoint"))
    value = whole[name]
    # Of the checkpoint: what the log has signed, and its signature. A witness's line is the witness's.
    end = value.rindex("— ") - 1 if name == "checkpoint" else len(value)
    at = scene.chance.randrange(end)
    letter = chr(ord(value[at]) ^ scene.chance.choice((1, 2, 4)))
    return {**whole, name: value[:at] + letter + value[at + 1 :]}


def cut(scene: Scene) -> dict[str, Any]:
    """A part cut off."""
    whole: dict[str, Any] = msgspec.to_builtins(scene.true)
    part = scene.chance.choice(("inclusion", "text", "body", "entry_sha256", "keys", "checkpoint", "size"))
    if part == "size":
        # The checkpoint of a shorter log, with the true path of the longer one.
        if scene.place >= scene.old:
            return {**whole, "checkpoint": scene.kept, "keys": [KEY.public.text()]}
        part = "inclusion"
    if part == "checkpoint":
        note = whole["checkpoint"]
        return {**whole, part: note[: scene.chance.randrange(note.index("\n\n") + 40)]}
    if part == "keys":
        return {**whole, part: []}
    value = whole[part]
    left = value[: scene.chance.randrange(len(value))] if value else ["A" * 43 + "="]
    return {**whole, part: left}


def reordered(scene: Scene) -> ProofDocument:
    """An entry's parts with those of another, or in another order."""
    other = scene.log.proof(scene.other_place())
    path = list(scene.true.inclusion)
    scene.chance.shuffle(path)
    hashes = [hash_leaf(leaf.content()) for leaf in reversed(scene.log.leaves)]
    changes: list[dict[str, Any]] = [
        {"index": other.index},
        {"text": other.text},
        {"text": other.text, "body": other.body},
        {"body": other.body, "entry_sha256": other.entry_sha256, "text": other.text},
        {"inclusion": other.inclusion},
        {"index": other.index, "inclusion": other.inclusion},
        {"entry_sha256": other.entry_sha256},
        {"inclusion": tuple(_path_of(hashes, len(hashes) - 1 - scene.place))},
    ]
    if path != list(scene.true.inclusion):
        changes.append({"inclusion": tuple(path)})
    changed = msgspec.structs.replace(scene.true, **scene.chance.choice(changes))
    return changed if changed != scene.true else msgspec.structs.replace(changed, index=other.index)


def _path_of(hashes: list[bytes], place: int) -> list[bytes]:
    return prove_inclusion(lambda level, at: root_of(hashes[at << level : (at + 1) << level]), place, len(hashes))


FORGERIES: tuple[Callable[[Scene], ProofDocument | dict[str, Any]], ...] = (
    by_own_key,
    split_view,
    other_text,
    changed_letter,
    cut,
    reordered,
)


def test_no_document_but_the_true_one_is_verified(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for number in range(DOCUMENTS):
        scene = Scene(number)
        kept = tmp_path / "kept.txt"
        kept.write_text(scene.kept)
        key, witness = ["--key", KEY.public.text()], ["--witness", WITNESS.public.text()]
        against_the_operator = [[*key, *witness], [*key, "--kept", str(kept)], [*key, *witness, "--kept", str(kept)]]
        forge = FORGERIES[number % len(FORGERIES)]
        forged = msgspec.json.encode(forge(scene))
        # The operator has the log's key: a reader who states nothing else cannot tell.
        readers = against_the_operator if forge is split_view else [*against_the_operator, key]
        for words in readers:
            assert exit_code(tmp_path, forged, words) != 0, (number, forge.__name__, words)
            assert exit_code(tmp_path, msgspec.json.encode(scene.true), words) == 0, (number, words)
        for words in ([], witness, ["--kept", str(kept)], [*witness, "--kept", str(kept)]):
            assert exit_code(tmp_path, forged, words) != 0, (number, forge.__name__, words)
            assert exit_code(tmp_path, msgspec.json.encode(scene.true), words) == 3, (number, words)
        seen[forge.__name__] += 1
    assert min(seen.values()) >= DOCUMENTS // len(FORGERIES)
    print(f"{DOCUMENTS} documents: {dict(seen)}")


def exit_code(folder: Path, proof: bytes, words: list[str]) -> int:
    """Return the exit code of `headland verify`, whose options are `words`."""
    path = folder / "proof.json"
    path.write_bytes(proof)
    values = dict(zip(words[::2], words[1::2], strict=True))
    kept = values.get("--kept")
    try:
        verify(
            path,
            [values["--key"]] if "--key" in values else None,
            [values["--witness"]] if "--witness" in values else None,
            None if kept is None else Path(kept),
        )
    except SettingsError:
        # A document that cannot be read is exit code 2 of the command.
        return 2
    except typer.Exit as end:
        return end.exit_code
    return 0
