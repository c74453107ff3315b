// A text as a QR code, for the camera of a phone; its library is loaded with it.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

/** `isOpen`: shown at once; else behind a button. */
export function QrCode({ text, label, isOpen = false }: { text: string; label: string; isOpen?: boolean }): JSX.Element {
  const [rows, setRows] = useState<readonly (readonly boolean[])[]>([]);
  const draw = async (): Promise<void> => {
    const { encode } = await import("uqr");
    setRows(encode(text, { border: 4, ecc: "L" }).data);
  };
  useEffect(() => {
    if (isOpen) void draw();
  }, [text, isOpen]);
  if (rows.length === 0)
    return (
      <button type="button" class="secondary" onClick={() => void draw()}>
        {label}
      </button>
    );
  const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg class="qr" viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={rows.length} height={rows.length} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
