export const title = "Fidelity";

export function mount(root, { h }) {
  root.append(h("h1", {}, title));
}
