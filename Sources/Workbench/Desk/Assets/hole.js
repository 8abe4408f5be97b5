export const title = "Watering Hole";

export function mount(root, { h }) {
  root.append(h("h1", {}, title));
}
