import { readRun } from './read-run.js'

/** Put `report.html` beside the record of a run that has just ended. Drawing is loaded only now: it takes its time. */
export async function reportOn(folder: string): Promise<void> {
  const { writeReport } = await import('./report.js')
  writeReport(readRun('.', folder))
}
