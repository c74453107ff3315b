// Button that deletes a record of the registry, once it was asked for; a refusal is said beside it.

import "../i18n/field_work";
import type { JSX } from "preact";
import { useWrite } from "../api/write";
import { translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { showToast } from "../ui/overlays";

type Deletable = "/v1/products/{thing}" | "/v1/implements/{thing}" | "/v1/seasons/{thing}" | "/v1/prescriptions/{thing}";

export function DeleteRecord({
  path,
  id,
  name,
  version,
}: {
  path: Deletable;
  id: string;
  name: string;
  version: number | undefined;
}): JSX.Element {
  const list = path.replace("/{thing}", "") as "/v1/products";
  const remove = useWrite("delete", path, { refresh: [list] });
  return (
    <AskedButton
      text={translate("work_delete")}
      label={`${translate("work_delete")}: ${name}`}
      question={{ title: translate("work_delete"), text: translate("work_delete_record", { name }), action: translate("work_delete") }}
      write={remove}
      run={async () => {
        if ((await remove.run({ params: { path: { thing: id } } as never, version: version ?? "*" })) !== null)
          showToast(translate("work_deleted"));
      }}
    />
  );
}
