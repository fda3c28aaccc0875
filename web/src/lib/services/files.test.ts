import { expect, it } from 'vitest';
import { deviceName } from './devices';
import { nameIn } from './files';

it('a saved file is named as the service names it', () => {
  expect(nameIn(`attachment; filename="x.gp5"; filename*=UTF-8''Caf%C3%A9.gp5`)).toBe('Café.gp5');
  expect(nameIn('attachment; filename="porch.mid"')).toBe('porch.mid');
  expect(nameIn(null)).toBeNull();
});

it('a device is named as people name it', () => {
  const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const phone =
    'Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36';
  expect([firefox, phone, 'curl/8.1 x', ''].map(deviceName)).toEqual([
    'Firefox on Linux',
    'Chrome on Android',
    'curl/8.1',
    'Unknown device',
  ]);
});
