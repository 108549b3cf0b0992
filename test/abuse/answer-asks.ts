/** In the helper process: answers each message of its parent, and ends with it. */
export function answerAsks<Ask, Answer>(handle: (message: Ask) => Promise<Answer>): void {
  process.on("disconnect", () => process.exit());
  process.on("message", ({ id, message }: { id: number; message: Ask }) => {
    handle(message).then(
      (answer) => process.send?.({ id, answer }),
      (error: Error) => process.send?.({ id, error: error.message }),
    );
  });
  process.send?.("ready");
}
