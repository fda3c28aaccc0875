export const home = {
  title: 'Drop a song, paste a link, or record',
  titleWithoutLinks: 'Drop a song, or record',
  example: {
    title: 'Morning Porch',
    about: 'A fingerpicked example, half a minute long.',
    play: 'Play the example',
  },
  latest: 'Your latest tabs',
  all: 'All your tabs',
  states: {
    queued: 'Waiting for its turn',
    running: 'Being worked on',
    complete: 'Ready',
    failed: 'No tab yet',
    cancelled: 'Cancelled',
  },
};
