import type { Order } from "./order.ts";
import { importCode, listOf } from "./texts.ts";

/** Everything that a channel needs to reach a person. */
const REACHABLE: Record<string, string> = {
  push: "push_enabled: true",
  sms: 'phone: "+4915112345678"',
  chat: "chat_connected: true",
};

/** The code of a story: ada gets each message, grace is skipped, linus leaves. */
export function storyFile(order: Order): string {
  const { names, on, exitOn, messages, skip } = order;
  const [first] = messages;
  const delay = exitOn.length > 0 ? 1 : 0;
  const reachable = [...new Set(messages.flatMap(({ channel }) => REACHABLE[channel] ?? []))];
  const grace = skip === null ? [] : [`grace: { ${[`${skip.property}: ${skip.value}`, ...reachable].join(", ")} }`];
  const people = [`ada: { ${reachable.join(", ")} }`, ...grace, ...(delay > 0 ? ["linus: {}"] : [])];
  const everybody = people.map((person) => JSON.stringify(person.split(":")[0]));
  const line = (index: number, person: string, result: string) =>
    `    "day ${index + delay} 09:00  ${person}  ${names.id}  ${messages[index]?.id}  ${result}",\n`;
  const lines = messages.map((_, index) => {
    const skipped = index === 0 ? `not sent: not needed: ${skip?.reason}` : "sent";
    return line(index, "ada", "sent") + (skip === null ? "" : line(index, "grace", skipped));
  });
  const exits = messages.map(
    ({ id }) => `    ${JSON.stringify(`day 0 09:00  linus  ${names.id}  ${id}  not sent: exited: ${exitOn[0]}`)},\n`,
  );
  const does = (person: string, event: string) => `await story.does(${person}, ${JSON.stringify(event)});`;
  const start = on[0] ?? "";

  const imports = [
    importCode("{ expect, it }", "vitest"),
    importCode(`{ ${names.variable} }`, `../../../src/workflows/${names.id}.tsx`),
    importCode("{ openStory }", "../story.ts"),
  ];
  return `${imports.join("")}
it("${listOf([
    `sends ${messages.length === 1 ? "one message" : `${messages.length} messages`}`,
    ...(skip === null ? [] : [`skips ${first?.id} for a person who needs none`]),
    ...(delay > 0 ? ["ends with the exit event"] : []),
  ])}", async () => {
  const people = { ${people.join(", ")} };
  await using story = await openStory({ workflows: [${names.variable}], people });
  ${
    everybody.length === 1
      ? does('"ada"', start)
      : `for (const person of [${everybody.join(", ")}]) ${does("person", start)}`
  }
${delay > 0 ? `  ${does('"linus"', exitOn[0] ?? "")}\n` : ""}  await story.until("day ${messages.length + delay} 09:00");

  expect(await story.lines()).toEqual([
${delay > 0 ? exits.join("") : ""}${lines.join("")}  ]);
});
`;
}
