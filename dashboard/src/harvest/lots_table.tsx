// Lots with what is left of each, the newest first, and the register of certificates.

import "../i18n/harvest";
import type { JSX } from "preact";
import { useApiList } from "../api/query";
import { hrefOfThing } from "../app/address";
import { dateText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { Empty } from "../ui/empty";
import { Loaded } from "../ui/loaded";
import { Table } from "../ui/table";
import { IntervalMark } from "./interval_mark";
import { massText, type CertificateItem, type LotItem } from "./records";

export function LotsTable(): JSX.Element {
  const lots = useApiList("/v1/lots", {});
  return (
    <section data-panel="lots">
      <Loaded state={lots}>
        {(rows) => (
          <Table<LotItem>
            name={translate("harvest_lots")}
            rows={rows}
            keyOf={({ id }) => id}
            searchIn={({ code, product }) => `${code} ${product}`}
            empty={<Empty text={translate("harvest_none")} />}
            columns={[
              {
                key: "code",
                head: translate("harvest_lot"),
                cell: ({ id, code }) => <a href={hrefOfThing({ kind: "lot", id })}>{code}</a>,
                sortBy: ({ code }) => code,
              },
              {
                key: "product",
                head: translate("harvest_product"),
                cell: ({ product, simulated, interval_state }) => (
                  <>
                    {product}
                    {simulated ? <span class="note"> {translate("harvest_class_simulated")}</span> : null}
                    <IntervalMark state={interval_state} />
                  </>
                ),
                sortBy: ({ product }) => product,
              },
              {
                key: "left",
                head: translate("harvest_left"),
                cell: ({ remaining_g }) => massText(remaining_g),
                sortBy: ({ remaining_g }) => remaining_g,
                number: true,
              },
              {
                key: "made",
                head: translate("harvest_made"),
                cell: ({ grams }) => massText(grams),
                sortBy: ({ grams }) => grams,
                number: true,
              },
              { key: "when", head: translate("harvest_when"), cell: ({ time_ms }) => dateText(time_ms), sortBy: ({ time_ms }) => time_ms },
            ]}
          />
        )}
      </Loaded>
    </section>
  );
}

export function CertificateRegister(): JSX.Element {
  const certificates = useApiList("/v1/certificates", {});
  return (
    <section data-panel="register">
      <Loaded state={certificates}>
        {(rows) => (
          <Table<CertificateItem>
            name={translate("harvest_register")}
            rows={rows}
            keyOf={({ id }) => id}
            sorted={{ key: "when", descending: true }}
            empty={<Empty text={translate("harvest_register_none")} />}
            columns={[
              {
                key: "number",
                head: translate("harvest_certificate"),
                cell: ({ id, lot, number }) => <a href={hrefOfThing({ kind: "certificate", id, lot })}>{number}</a>,
              },
              { key: "product", head: translate("harvest_product"), cell: ({ product }) => product, sortBy: ({ product }) => product },
              { key: "mass", head: translate("harvest_mass"), cell: ({ grams }) => massText(grams), number: true },
              {
                key: "state",
                head: "",
                cell: ({ state, interval_state }) => (
                  <>
                    {translate(state === "void" ? "harvest_void" : "harvest_valid")}
                    <IntervalMark state={interval_state} />
                  </>
                ),
              },
              {
                key: "when",
                head: translate("harvest_when"),
                cell: ({ issued_ms }) => dateText(issued_ms),
                sortBy: ({ issued_ms }) => issued_ms,
              },
            ]}
          />
        )}
      </Loaded>
    </section>
  );
}
