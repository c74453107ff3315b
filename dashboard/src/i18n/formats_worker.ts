// Thread that makes one formatter of each kind, so that the browser has loaded what they need when the page uses its own.

new Intl.NumberFormat().format(0);
new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(0);
new Intl.Collator(undefined, { numeric: true }).compare("a", "b");
postMessage(null);

export {};
