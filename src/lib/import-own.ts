/** Imports files of the fork. A mistake in them keeps its stack in the message, which has the file and the line. */
export async function importOwn<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    throw new Error(`src/workflows cannot be imported: ${error instanceof Error ? error.stack : error}`);
  }
}
