export const consent = {
  title: 'Counting visits',
  question:
    'May we count your visits with Google Analytics, with cookies? It tells us which pages are used, not which songs.',
  yes: 'Yes',
  no: 'No',
};
