// Deliveries of recorded harvests: a period, a price for each crop, and what was left out, with the reason.

import "../i18n/cooperative";
import "../i18n/deliveries";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApi } from "../api/query";
import { useWrite } from "../api/write";
import { translate, type TextKey } from "../i18n/translate";
import { NumberField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { cropText } from "./mass";
import { fenOf } from "./money";
import { useSeason } from "./season_period";

const NEWEST_LOTS = 200;
const REASONS = ["no_price", "not_held", "entered", "taken_back", "no_field"] as const;

export function DeliverHarvests(): JSX.Element {
  const lots = useApi("/v1/lots", { query: { limit: NEWEST_LOTS } });
  const [season, choice] = useSeason();
  const deliver = useWrite("post", "/v1/deliveries", { refresh: ["/v1/deliveries", "/v1/accounts"] });
  const [told, setTold] = useState<string[]>([]);
  const submit = async (values: FormValues, crops: readonly string[]): Promise<boolean | null> => {
    const prices = crops.flatMap((crop, at) => {
      const price = values.number(`price-${at}`);
      return price === null ? [] : [[crop, fenOf(price)] as const];
    });
    if (prices.length === 0) {
      setTold([translate("deliv_no_price")]);
      return null;
    }
    const body = { start_ms: season.startMs, end_ms: season.endMs, fen_per_kg: Object.fromEntries(prices) };
    const made = await deliver.run({ body });
    if (made === null || made === true) return false;
    const count = (reason: string): number => made.left_out.filter(([, why]) => why === reason).length;
    setTold([
      translate("deliv_made", { count: made.added.length, known: made.known }),
      ...REASONS.filter((reason) => count(reason) > 0).map((reason) =>
        translate(`deliv_left_${reason}` as TextKey, { count: count(reason) }),
      ),
    ]);
    return false;
  };
  return (
    <div class="stack" data-panel="deliver-harvests">
      <p class="note">{translate("deliv_harvests_about")}</p>
      <Loaded state={lots}>
        {({ items }) => {
          const crops = [...new Set(items.map(({ crop }) => crop))];
          if (crops.length === 0) return <p class="note">{translate("deliv_no_lots")}</p>;
          return (
            <>
              {choice}
              <Form
                name="delivery_of_harvests"
                submit={translate("deliv_harvests_submit")}
                write={deliver}
                onSubmit={(values) => submit(values, crops)}
              >
                <div class="choices-row">
                  {crops.map((crop, at) => (
                    <NumberField
                      key={crop}
                      name={`price-${at}`}
                      label={translate("deliv_price_of", { crop: cropText(crop) })}
                      unit={translate("deliv_price_unit")}
                      min={0}
                      step={0.01}
                    />
                  ))}
                </div>
              </Form>
            </>
          );
        }}
      </Loaded>
      {told.map((sentence) => (
        <p key={sentence} role="status">
          {sentence}
        </p>
      ))}
    </div>
  );
}
