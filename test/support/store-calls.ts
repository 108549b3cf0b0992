// biome-ignore lint/suspicious/noExplicitAny: of any method
type Method = (...parameters: any[]) => any;

type CallsOf<Methods, Prefix extends string> = {
  [Name in keyof Methods & string]: Methods[Name] extends Method
    ? [`${Prefix}${Name}`, ...Parameters<Methods[Name]>]
    : never;
}[keyof Methods & string];

/** A call of a store: the path of the method, such as "jobs.claim", and its parameters. */
export type StoreCall<Store> = {
  [Name in keyof Store & string]: Store[Name] extends Method
    ? [Name, ...Parameters<Store[Name]>]
    : CallsOf<Store[Name], `${Name}.`>;
}[keyof Store & string];

export async function callStore(store: object, [path, ...parameters]: [path: string, ...unknown[]]): Promise<unknown> {
  const method = path
    .split(".")
    .reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], store) as Method;
  return method(...parameters);
}

/** The paths of every method. */
export function methodsOf(store: object): string[] {
  return Object.entries(store).flatMap(([name, value]) =>
    typeof value === "function" ? [name] : Object.keys(value).map((method) => `${name}.${method}`),
  );
}
