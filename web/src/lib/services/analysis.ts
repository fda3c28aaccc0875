/** The musical analysis as the service writes it (`genesis.analysis/1`, src/genesis_music/formats/analysis.py). */
export interface Analysis {
  schema: 'genesis.analysis/1';
  title: string;
  duration: number;
}
