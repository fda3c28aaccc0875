import { describe, expect, it } from 'vitest';
import { linkFault } from './links';

const hosts = ['youtube.com', 'youtu.be'];

describe('a link to a song', () => {
  it.each(['https://www.youtube.com/watch?v=1', 'https://youtu.be/1', 'http://music.youtube.com/watch?v=1'])(
    'is taken: %s',
    (link) => expect(linkFault(link, hosts)).toBe(''),
  );

  it.each(['', 'my song', 'youtube.com/watch', 'ftp://youtube.com/song', 'javascript:alert(1)'])(
    'is none: %s',
    (link) => expect(linkFault(link, hosts)).toContain('not a link'),
  );

  it.each(['https://example.com/song', 'https://notyoutube.com/watch'])('leads elsewhere: %s', (link) => {
    expect(linkFault(link, hosts)).toContain('Links to youtube.com, youtu.be work here');
  });

  it('is not taken where links are switched off', () => {
    expect(linkFault('https://youtu.be/1', [])).toContain('Links do not work here');
  });

  it('is left to the service while it is not known what that takes', () => {
    expect(linkFault('https://example.com/song', null)).toBe('');
  });
});
