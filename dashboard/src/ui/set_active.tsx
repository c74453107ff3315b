// Button that deactivates a person, a greenhouse or a site after a question, and activates it again.

import type { JSX } from "preact";
import { useWrite } from "../api/write";
import { translate } from "../i18n/translate";
import { AskedButton } from "./asked_button";
import { noteSaved } from "./overlays";

type List = "/v1/people" | "/v1/greenhouses" | "/v1/sites";

interface SetActiveProps {
  list: List;
  record: { id?: string; version?: number; name: string; active?: boolean };
  /** What the deactivation of it means. */
  about: string;
}

export function SetActive({ list, record, about }: SetActiveProps): JSX.Element {
  const change = useWrite("put", `${list}/{thing}` as "/v1/sites/{thing}", { refresh: [list] });
  const { name, active = true } = record;
  const set = async (): Promise<void> => {
    const input = { params: { path: { thing: record.id ?? "" } }, body: { ...record, active: !active }, version: record.version ?? "*" };
    noteSaved(await change.run(input as never));
  };
  const [text, label] = active
    ? [translate("deactivate"), translate("deactivate_name", { name })]
    : [translate("activate"), translate("activate_name", { name })];
  const question = active
    ? { title: translate("deactivate_sure", { name }), text: about, action: text }
    : { title: translate("activate_sure", { name }), text: translate("activate_about"), action: text };
  return <AskedButton text={text} label={label} question={question} write={change} run={set} />;
}
