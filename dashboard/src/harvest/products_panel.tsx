// Register of plant-protection products: what is in it, and its import as CSV with a preview.

import "../i18n/harvest";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { may } from "../api/may";
import { reload, useApiList } from "../api/query";
import { ApiError, errorText, request } from "../api/request";

import { translate } from "../i18n/translate";
import { DropFile } from "../ui/drop_file";
import { Empty } from "../ui/empty";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { Table } from "../ui/table";
import { cropText, type ProtectionProduct } from "./records";

const MOST_BYTES = 8 * 1024 * 1024;
const PATH = "/v1/plant-protection-products/import";

interface Preview {
  added: string[];
  changed: string[];
  unchanged: number;
}

type Use = ProtectionProduct["uses"][number];
interface Row {
  product: ProtectionProduct;
  use: Use;
}

export function ProductsPanel(): JSX.Element {
  const products = useApiList("/v1/plant-protection-products", {});
  return (
    <section data-panel="products">
      <h2>{translate("harvest_products")}</h2>
      <Loaded state={products}>
        {(items) => (
          <Table<Row>
            name={translate("harvest_products")}
            rows={items.flatMap((product) => product.uses.map((use) => ({ product, use })))}
            keyOf={({ product, use }) => `${product.id}-${use.crop}-${use.target ?? ""}`}
            searchIn={({ product, use }) => `${product.name} ${product.registration_number} ${use.crop}`}
            empty={<Empty text={translate("harvest_products_none")} />}
            columns={[
              {
                key: "name",
                head: translate("harvest_chosen"),
                cell: ({ product }) => `${product.name}${product.is_sample ? ` (${translate("harvest_sample")})` : ""}`,
                sortBy: ({ product }) => product.name,
              },
              { key: "number", head: translate("harvest_number"), cell: ({ product }) => product.registration_number },
              { key: "crop", head: translate("harvest_crop"), cell: ({ use }) => cropText(use.crop), sortBy: ({ use }) => use.crop },
              {
                key: "interval",
                head: translate("harvest_interval_days"),
                cell: ({ use }) => use.pre_harvest_interval_days ?? "–",
                number: true,
              },
              {
                key: "dose",
                head: translate("harvest_dose_most"),
                cell: ({ product, use }) =>
                  use.most_dose_ha ? `${use.most_dose_ha} ${product.unit === "kg" ? translate("harvest_kg") : "L"}/ha` : "–",
                number: true,
              },
              { key: "uses", head: translate("harvest_uses_most"), cell: ({ use }) => use.most_uses_season ?? "–", number: true },
            ]}
          />
        )}
      </Loaded>
      {may("post", "/v1/plant-protection-products/import") ? <ImportRegister /> : null}
    </section>
  );
}

function ImportRegister(): JSX.Element {
  const [file, setFile] = useState<File | null>(null);
  const [seen, setSeen] = useState<Preview | null>(null);
  const [error, setError] = useState<ApiError | string | null>(null);
  const send = async (chosen: File, dryRun: boolean): Promise<Preview | null> => {
    setError(null);
    try {
      return await request<Preview>(PATH, {
        method: "POST",
        body: chosen,
        query: { dry_run: dryRun, sample: /sample/i.test(chosen.name) },
      });
    } catch (thrown) {
      setError(thrown instanceof ApiError ? thrown : (errorText(thrown) ?? ""));
      return null;
    }
  };
  const look = async (chosen: File): Promise<void> => {
    setFile(chosen);
    setSeen(await send(chosen, true));
  };
  const store = async (): Promise<void> => {
    if (file === null || (await send(file, false)) === null) return;
    setSeen(null);
    await reload("/v1/plant-protection-products");
    showToast(translate("harvest_import_done"));
  };
  const rows = error instanceof ApiError ? ((error.extra.rows ?? []) as { row: number; detail: string }[]) : [];
  return (
    <div class="card">
      <h3>{translate("harvest_import")}</h3>
      <DropFile
        types={[".csv", ".txt"]}
        maxBytes={MOST_BYTES}
        onFiles={([chosen]) => chosen && void look(chosen)}
        text={translate("harvest_import")}
      />
      <p>
        <a href="/v1/plant-protection-products/sample" download>
          {translate("harvest_import_sample")}
        </a>
      </p>
      {error === null ? null : (
        <p class="error" role="alert">
          {typeof error === "string" ? error : errorText(error)}
        </p>
      )}
      <ul>
        {rows.slice(0, 50).map(({ row, detail }) => (
          <li key={row}>{translate("harvest_row", { row, detail })}</li>
        ))}
      </ul>
      {seen === null ? null : (
        <>
          <p>
            {translate("harvest_import_preview", { added: seen.added.length, changed: seen.changed.length, unchanged: seen.unchanged })}
          </p>
          <button type="button" class="secondary" onClick={() => void store()}>
            {translate("harvest_import_store")}
          </button>
        </>
      )}
    </div>
  );
}
