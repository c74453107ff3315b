// Response of yield to nitrogen: the plots, the fitted curve, and the best rate with its interval.

import "../i18n/trials";
import type { JSX } from "preact";
import { numberText, toAreaUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import type { Response } from "./records";

const WIDTH = 480;
const HEIGHT = 240;
const LEFT = 58;
const BOTTOM = 44;
const TOP = 24;
const KG_T = 1000;

/** An amount per hectare in the unit of areas that was chosen. */
function areaText(perHa: number): string {
  const { value } = toAreaUnit(perHa, "kg/ha");
  return numberText(value, value > 20 || value === 0 ? 0 : 1);
}

export function ResponseChart({ response }: { response: Response }): JSX.Element {
  const points = response.points as unknown as [number, number][];
  const curve = response.curve as unknown as [number, number][];
  const rates = points.map(([rate]) => rate);
  const yields = [...points, ...curve].map(([, value]) => value);
  const [first, last] = [Math.min(...rates), Math.max(...rates)];
  const [low, high] = [Math.min(...yields) * 0.95, Math.max(...yields) * 1.03];
  const x = (rate: number): number => LEFT + ((rate - first) / (last - first || 1)) * (WIDTH - LEFT - 12);
  const y = (value: number): number => HEIGHT - BOTTOM - ((value - low) / (high - low || 1)) * (HEIGHT - BOTTOM - TOP);
  const line = curve.map(([rate, value]) => `${x(rate).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return (
    <figure class="response-chart" aria-label={translate("trial_curve")}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width="100%" role="img" aria-label={translate("trial_curve")}>
        <rect
          x={x(response.optimum_low_kg_ha)}
          y={TOP}
          width={Math.max(x(response.optimum_high_kg_ha) - x(response.optimum_low_kg_ha), 1)}
          height={HEIGHT - BOTTOM - TOP}
          fill="currentColor"
          opacity="0.12"
        />
        <line
          x1={x(response.optimum_kg_ha)}
          x2={x(response.optimum_kg_ha)}
          y1={TOP}
          y2={HEIGHT - BOTTOM}
          stroke="currentColor"
          stroke-dasharray="4 3"
        />
        <polyline points={line} fill="none" stroke="currentColor" stroke-width="2" />
        {points.map(([rate, value], index) => (
          <circle key={index} cx={x(rate)} cy={y(value)} r="3.5" fill="none" stroke="currentColor" />
        ))}
        <line x1={LEFT} x2={WIDTH - 12} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} stroke="currentColor" />
        <line x1={LEFT} x2={LEFT} y1={TOP} y2={HEIGHT - BOTTOM} stroke="currentColor" />
        {[...new Set(rates)].map((rate) => (
          <text key={rate} x={x(rate)} y={HEIGHT - BOTTOM + 18} font-size="15" text-anchor="middle" fill="currentColor">
            {areaText(rate)}
          </text>
        ))}
        {[low, (low + high) / 2, high].map((value) => (
          <text key={value} x={LEFT - 5} y={y(value) + 4} font-size="15" text-anchor="end" fill="currentColor">
            {areaText(value * KG_T)}
          </text>
        ))}
        <text x={(LEFT + WIDTH) / 2} y={HEIGHT - 4} font-size="15" text-anchor="middle" fill="currentColor">
          {`${translate("trial_nitrogen")} [${toAreaUnit(1, "kg/ha").unit}]`}
        </text>
        <text x={4} y={TOP - 7} font-size="15" fill="currentColor">
          {toAreaUnit(1, "kg/ha").unit}
        </text>
      </svg>
    </figure>
  );
}
