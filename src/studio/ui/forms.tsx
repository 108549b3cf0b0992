import { type ComponentProps, type ReactElement, useContext } from "react";
import { FrameContext } from "../page.ts";
import { Icon, type IconName } from "./parts.tsx";

/** A form that changes something. Its hidden fields are the session's token, the URL of the page, and `fields`. */
export function PostForm({
  fields = {},
  children,
  ...rest
}: Pick<ComponentProps<"form">, "action" | "className" | "children"> & {
  fields?: Record<string, string>;
}): ReactElement {
  const frame = useContext(FrameContext);
  return (
    <form method="post" {...rest}>
      <Hidden fields={{ ...(frame && { token: frame.token, here: frame.here }), ...fields }} />
      {children}
    </form>
  );
}

/** The button that sends its form. */
export function Submit({
  look = "",
  icon,
  children,
  ...rest
}: Pick<ComponentProps<"button">, "name" | "value" | "title" | "disabled" | "children"> & {
  look?: "" | "first" | "small" | "small first";
  icon?: IconName;
}): ReactElement {
  return (
    <button type="submit" className={`button ${look}`.trim()} {...rest}>
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  );
}

export function Hidden({ fields }: { fields: Record<string, string> }): ReactElement {
  return (
    <>
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
    </>
  );
}

/** A list to select one value, or all values. */
export function Select({
  name,
  label,
  value,
  options,
}: {
  name: string;
  label: string;
  value: string;
  options: Array<{ id: string; name: string }>;
}): ReactElement {
  return (
    <label className="field">
      {label}
      <select name={name} defaultValue={value}>
        <option value="">all</option>
        {options.map((option) => (
          <option key={option.id} value={option.id}>
            {option.name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A distinct id, with the known people as suggestions. */
export function PersonInput({ people, value }: { people: string[]; value: string | undefined }): ReactElement {
  return (
    <>
      <label className="field">
        Person (distinct id)
        <input name="person" list="people" defaultValue={value} required={true} autoComplete="off" spellCheck={false} />
      </label>
      <datalist id="people">
        {people.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </>
  );
}
