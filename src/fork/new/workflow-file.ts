import type { Channel } from "../../contracts/channel.ts";
import type { Message } from "./messages.ts";
import type { Order } from "./order.ts";
import { importCode, listOf, textCode } from "./texts.ts";

const BODY = "Write here the one thing to do now.";

interface Code {
  /** For people: the message. */
  words: string;
  /** The step, its function that makes the message, and its controls. */
  call: string;
  compose: string;
  controls: string;
  /** The import from ../engine/controls.ts. */
  imports: string;
}

/** The code of a workflow. The first message comes at once, or after a day if an event can end the run before. */
export function workflowFile(order: Order): string {
  const { names, on, exitOn, topic, messages } = order;
  const codes = messages.map((message) => codeOf(message, order));
  const description = `${listOf(codes.map(({ words }, index) => `${words} ${timeOf(order, index)}`))}.`;
  const ending = exitOn.length > 0 ? ` A run ends with ${exitOn.join(" or ")}.` : "";
  const comment = `After ${on.join(" or ")}: ${description}${ending}`.replaceAll("*/", "* /");
  return `${importsOf(order, codes)}
/** ${comment} */
export const ${names.variable} = lifecycle({
  id: "${names.id}",
  name: ${JSON.stringify(names.title)},
  description: ${JSON.stringify(description.charAt(0).toUpperCase() + description.slice(1))},
${topic === null ? '  category: "transactional",' : `  category: "marketing",\n  topic: ${JSON.stringify(topic)},`}
  on: [${on.map(eventCode).join(", ")}],
${exitOn.length > 0 ? `  exitOn: [${exitOn.map(eventCode).join(", ")}],\n` : ""}  // The data from the event that the messages need.
  payload: z.object({}),
  from: () => ({}),

  async workflow({ step }) {
${codes.map((code, index) => stepCode(code, index, order)).join("\n")}  },
});
`;
}

/** "at once", "a day later" or "three days later" */
function timeOf({ exitOn }: Order, index: number): string {
  const days = index + (exitOn.length > 0 ? 1 : 0);
  if (days === 0) return "at once";
  return days === 1 ? "a day later" : `${NUMBERS[days]} days later`;
}

const NUMBERS = ["no", "one", "two", "three", "four", "five", "six"];

function importsOf({ messages }: Order, codes: Code[]): string {
  const emails = messages.flatMap(({ email }) => email ?? []);
  const usesBrand = codes.some(({ compose }) => compose.includes("brand."));
  const controls = [...new Set(codes.map(({ imports }) => imports))].sort();
  return [
    importCode("{ z }", "zod"),
    usesBrand ? importCode("{ brand }", "../../emails/_components/brand.ts") : "",
    ...emails.map(({ component, file }) => importCode(component, `../../emails/${file}.tsx`)),
    importCode(`{ ${controls.join(", ")} }`, "../engine/controls.ts"),
    importCode("{ event }", "../engine/event.ts"),
    importCode("{ lifecycle }", "../engine/lifecycle.ts"),
    emails.length > 0 ? importCode("{ greetingName }", "../lib/names.ts") : "",
  ].join("");
}

function eventCode(name: string): string {
  return `event(${JSON.stringify(name)})`;
}

function stepCode({ call, compose, controls }: Code, index: number, { messages, exitOn, skip }: Order): string {
  const wait =
    index > 0 || exitOn.length > 0
      ? `await step.wait("day-${index + (exitOn.length > 0 ? 1 : 0)}", { days: 1 });\n`
      : "";
  const skipped =
    index === 0 && skip !== null
      ? `
        // The people for whom it makes no sense now, and the reason in a few words.
        skip: ({ person }) => person.${skip.property} === ${skip.value} && ${JSON.stringify(skip.reason)},`
      : "";
  return `${wait}await step.${call}("${messages[index]?.id}", ${compose}, {
        controlSchema: ${controls},${skipped}
      });
`;
}

/** The code of a message on each channel. */
function codeOf({ email, channel }: Message, { names: { title }, locales }: Order): Code {
  const text = (words: string) => textCode(words, locales);
  const note = { controls: `noteControls(${text(title)}, ${text(BODY)})`, imports: "noteControls" };
  const line = {
    compose: `({ controls, link }) => ({ body: \`\${controls.body} \${link(brand.appUrl)}\` })`,
    controls: `textControls({ body: ${text(BODY)} })`,
    imports: "textControls",
  };
  const codes: Record<Channel, Code> = {
    email: {
      words: "an email",
      call: "email",
      compose: `({ person, controls, link }) => ({
        subject: controls.subject,
        body: <${email?.component} firstName={greetingName(person)} url={link(brand.appUrl)} />,
      })`,
      controls: `subjectControl(${text(title)})`,
      imports: "subjectControl",
    },
    in_app: {
      words: "an in-app note",
      call: "inApp",
      compose: `({ controls, link }) => ({
        subject: controls.subject,
        body: controls.body,
        redirect: { url: link(brand.appUrl), target: "_self" },
      })`,
      ...note,
    },
    push: {
      words: "a push message",
      call: "push",
      compose: "({ controls }) => ({ subject: controls.subject, body: controls.body })",
      ...note,
    },
    sms: { words: "an SMS", call: "sms", ...line },
    chat: { words: "a chat message", call: "chat", ...line },
    tool: {
      words: "a text to a tool",
      call: "tool",
      compose: `({ controls, distinctId }) => ({ body: \`\${controls.body} (\${distinctId})\` })`,
      controls: `textControls({ body: ${text("Write here what happened:")} })`,
      imports: "textControls",
    },
  };
  return codes[channel];
}
