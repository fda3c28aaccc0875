import { describe, expect, it } from 'vitest';
import { KEPT_SONGS, isFetchedAhead, kindOf, openable, songOf, tooOld } from './offline';

const ORIGIN = 'https://tabs.example';
const ASSETS = new Set(['/_app/immutable/start.js', '/alphatab/soundfont/sonivox.sf3']);
const song = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const address = (n: number, part = '') => `${ORIGIN}/api/v1/transcribe/${song(n)}${part}`;
const HERE = { page: ORIGIN, service: ORIGIN, assets: ASSETS };
const kind = (url: string, method = 'GET', mode = 'cors') => kindOf({ url, method, mode }, HERE);

describe('without a network', () => {
  it('every address of the page opens', () => {
    expect(kind(`${ORIGIN}/t/${song(1)}`, 'GET', 'navigate')).toBe('page');
    expect(kind(`${ORIGIN}/`, 'GET', 'navigate')).toBe('page');
  });

  it('a song that was opened is there with its recording, and the list of songs', () => {
    for (const part of ['', '/result', '/audio', '/files/alphatex'])
      expect(kind(address(1, part))).toBe('song');
    expect(kind(`${ORIGIN}/api/v1/transcribe`)).toBe('list');
  });

  it('searches, exports, accounts and other hosts are left alone', () => {
    expect(kind(`${ORIGIN}/api/v1/transcribe?q=blues`)).toBe('other');
    expect(kind(address(1, '/files/gp5'))).toBe('other');
    expect(kind(`${ORIGIN}/api/v1/account/sessions`)).toBe('other');
    expect(kind(`${ORIGIN}/api/v1/openapi.json`, 'GET', 'navigate')).toBe('other');
    expect(kind('https://elsewhere.example/', 'GET', 'navigate')).toBe('other');
  });

  it('songs of a service elsewhere are there as well, but nothing else of it', () => {
    const elsewhere = { ...HERE, service: 'https://api.example' };
    const found = (url: string, mode = 'cors') => kindOf({ url, method: 'GET', mode }, elsewhere);
    expect(found(address(1, '/audio').replace(ORIGIN, 'https://api.example'))).toBe('song');
    expect(found('https://api.example/api/v1/transcribe')).toBe('list');
    expect(found('https://api.example/_app/immutable/start.js')).toBe('other');
    expect(found(`${ORIGIN}/_app/immutable/start.js`)).toBe('asset');
    expect(found(`${ORIGIN}/t/${song(1)}`, 'navigate')).toBe('page');
  });

  it('nothing that changes something is answered from the device', () => {
    expect(kind(address(1), 'DELETE')).toBe('other');
    expect(kind(`${ORIGIN}/api/v1/transcribe`, 'POST')).toBe('other');
  });

  it('large sounds and fonts are kept once they were used, not before', () => {
    expect(kind(`${ORIGIN}/_app/immutable/start.js`)).toBe('asset');
    expect(kind(`${ORIGIN}/alphatab/soundfont/sonivox.sf3`)).toBe('used-asset');
    expect(isFetchedAhead('/alphatab/font/Bravura.woff2')).toBe(false);
  });

  it('the songs opened longest ago make room', () => {
    const kept = Array.from({ length: KEPT_SONGS + 2 }, (_, n) => [
      address(n, '/result'),
      address(n, '/audio'),
    ]).flat();
    expect(new Set(tooOld(kept).map(songOf))).toEqual(new Set([song(0), song(1)]));
    expect(tooOld(kept.slice(0, KEPT_SONGS * 2))).toEqual([]);
  });

  it('only a song whose tab is there can be opened', () => {
    const whole = ['', '/result', '/files/alphatex'].map((part) => address(1, part));
    expect(openable([...whole, address(2), address(3, '/result'), `${ORIGIN}/api/v1/transcribe`])).toEqual(
      new Set([song(1)]),
    );
  });

  it('a song opened again stays', () => {
    const kept = [
      ...Array.from({ length: KEPT_SONGS }, (_, n) => address(n)),
      address(99),
      address(0, '/result'),
    ];
    expect(tooOld(kept).map(songOf)).toEqual([song(1)]);
  });
});
