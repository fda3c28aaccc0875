"""From the dry guitar to a recording: amplifier, room, microphone, noise, what phones and codecs do to it."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from training.guitar import rooms
from training.guitar.amplifier import amplify, chorus, compress, loudspeaker
from training.guitar.bank import Waveform
from training.guitar.codecs import compress_really, compress_roughly
from training.guitar.noises import RecordedNoises, add_knocks, add_squeaks, coloured_noise, hum

CHANNELS = ("direct", "clean", "crunch", "high gain")
ELECTRIC_CHANNELS = (0.2, 0.4, 0.24, 0.16)
ACOUSTIC_CHANNELS = (0.9, 0.05, 0.04, 0.01)
COMPRESSED, CHORUS, ECHO, IN_A_ROOM, FAR = 0.15, 0.06, 0.08, 0.75, 0.3
KNOCKS, SQUEAKS, HUM = 0.12, 0.12, 0.08
TELEPHONE, ROUGH_CODEC, REAL_CODEC, CLIPPED, OFFSET = 0.12, 0.10, 0.03, 0.04, 0.02
WOODEN = 0.5
"""The share of examples that each variation comes in."""
NOISE_DB, TELEPHONE_NOISE_DB = (-75.0, -38.0), (-55.0, -22.0)
LEVEL_DB = (-34.0, -0.3)
DIRECT_NOISE_DB, DIRECT_ROOM, DIRECT_REAL_CODEC = (-85.0, -50.0), 0.1, 0.3


def record(
    dry: Waveform, electric: bool, backing: Waveform | None, noises: RecordedNoises, random: Generator
) -> Waveform:
    """A recording of a dry guitar, peak within ±1; ``backing`` (peak 1) plays behind it."""
    sound = dry / max(float(np.abs(dry).max()), 1e-4)
    if random.random() < KNOCKS:
        add_knocks(sound, random.uniform(0.02, 0.6), noises, random)
    if random.random() < SQUEAKS:
        add_squeaks(sound, random.uniform(0.005, 0.1), noises, random)
    size = rooms.fft_size(len(sound))
    colour = rooms.smooth_eq(random)
    channel = str(random.choice(CHANNELS, p=ELECTRIC_CHANNELS if electric else ACOUSTIC_CHANNELS))
    if electric and channel == "direct" and random.random() < WOODEN:
        colour = colour * rooms.wooden_body(random)
    if channel != "direct":
        sound = sound + np.float32(10 ** (random.uniform(-90, -60) / 20)) * coloured_noise(len(sound), random)
        sound = amplify(sound, channel, random)
        colour = colour * loudspeaker(random)
    if random.random() < COMPRESSED:
        sound = compress(sound, random)
    if random.random() < CHORUS:
        sound = chorus(sound, random)
    if backing is not None:
        sound = sound / max(float(np.abs(sound).max()), 1e-4) + backing * 10 ** (random.uniform(-28, -6) / 20)
    return carry(_in_space(sound, colour, size, random), random)


def record_directly(dry: Waveform, random: Generator) -> Waveform:
    """A pickup without amplifier and, mostly, without room: bright, quiet behind, often coded."""
    size = rooms.fft_size(len(dry))
    response = rooms.minimum_phase(rooms.smooth_eq(random) * rooms.brightness(random), size)
    if random.random() < DIRECT_ROOM:
        response = response * rooms.room(size, random)
    sound = rooms.apply(dry, response, size)
    peak = max(float(np.abs(sound).max()), 1e-4)
    noise_db = random.uniform(*DIRECT_NOISE_DB)
    sound = sound + np.float32(peak * 10 ** (noise_db / 20)) * coloured_noise(len(sound), random)
    return _delivered(sound, random, DIRECT_REAL_CODEC)


def _in_space(sound: Waveform, colour: rooms.Magnitude, size: int, random: Generator) -> Waveform:
    if random.random() < FAR:
        colour = colour * rooms.distance(random)
    response = rooms.minimum_phase(colour, size)
    if random.random() < ECHO:
        response = response * rooms.echo(size, random)
    if random.random() < IN_A_ROOM:
        response = response * rooms.room(size, random)
    return rooms.apply(sound, response, size)


def carry(sound: Waveform, random: Generator) -> Waveform:
    """What happens after the microphone: noise, hum, a phone's band, codec, level, clipping."""
    telephone = random.random() < TELEPHONE
    if telephone:
        size = rooms.fft_size(len(sound))
        sound = rooms.apply(sound, rooms.room(size, random, most_wet=0.8), size)
    peak = max(float(np.abs(sound).max()), 1e-4)
    noise_db = random.uniform(*(TELEPHONE_NOISE_DB if telephone else NOISE_DB))
    sound = sound + np.float32(peak * 10 ** (noise_db / 20)) * coloured_noise(len(sound), random)
    if random.random() < HUM:
        sound += np.float32(peak * 10 ** (random.uniform(-60, -24) / 20)) * hum(len(sound), random)
    if telephone:
        sound = rooms.apply(sound, rooms.minimum_phase(rooms.telephone(random), size), size)
        sound = compress(sound, random) if random.random() < 0.5 else sound
    return _delivered(sound, random)


def _delivered(sound: Waveform, random: Generator, real_codec: float = REAL_CODEC) -> Waveform:
    sound = sound / max(float(np.abs(sound).max()), 1e-4)
    if random.random() < CLIPPED:
        sound = np.clip(sound * random.uniform(1, 4), -1, 1).astype(np.float32)
    chance = random.random()
    if chance < real_codec:
        sound = compress_really(0.8 * sound, random)
    elif chance < real_codec + ROUGH_CODEC:
        sound = compress_roughly(sound, random)
    sign = random.choice([-1.0, 1.0])
    level = sign * 10 ** (random.uniform(*LEVEL_DB) / 20) / max(float(np.abs(sound).max()), 1e-4)
    offset = random.uniform(-0.1, 0.1) if random.random() < OFFSET else 0.0
    return np.clip(sound * np.float32(level) + np.float32(offset), -1, 1).astype(np.float32)
