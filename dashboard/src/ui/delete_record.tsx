// Button that deletes a record of a list once it was asked for; a refusal is said beside it.

import type { JSX } from "preact";
import { useWrite, type WriteOptions } from "../api/write";
import { translate } from "../i18n/translate";
import { AskedButton } from "./asked_button";

type List =
  | "/v1/alarm-recipients"
  | "/v1/alarm-rules"
  | "/v1/crop-bands"
  | "/v1/duty-rotas"
  | "/v1/fields"
  | "/v1/greenhouse-zones"
  | "/v1/greenhouses"
  | "/v1/holdings"
  | "/v1/implements"
  | "/v1/irrigation-zones"
  | "/v1/irrigations"
  | "/v1/maintenance-windows"
  | "/v1/map-sources"
  | "/v1/members"
  | "/v1/people"
  | "/v1/prescriptions"
  | "/v1/products"
  | "/v1/seasons"
  | "/v1/sites";

interface DeleteRecordProps {
  list: List;
  record: { id?: string; version?: number };
  /** The question, and what the deletion means. */
  title: string;
  about: string;
  text?: string;
  label?: string;
  danger?: boolean;
  /** What is asked for again besides the list. */
  refresh?: NonNullable<WriteOptions["refresh"]>;
  onDeleted?: () => void;
}

export function DeleteRecord({ list, record, title, about, refresh = [], onDeleted, ...button }: DeleteRecordProps): JSX.Element {
  const remove = useWrite("delete", `${list}/{thing}` as "/v1/sites/{thing}", { refresh: [list, ...refresh] });
  const run = async (): Promise<void> => {
    if ((await remove.run({ params: { path: { thing: record.id ?? "" } }, version: record.version ?? "*" })) !== null) onDeleted?.();
  };
  const question = { title, text: about, action: translate("delete") };
  return <AskedButton text={translate("delete")} {...button} question={question} write={remove} run={run} />;
}
