"use strict";
// The drawings stand without this; it fits their labels to the window and lets one look closer.
(() => {
  const pen = document.createElement("canvas").getContext("2d");
  const KEYS = ["x", "y", "width", "height"];
  const WHOLE = { x: 0, y: 0, width: 100, height: 100 };

  const shares = (rect) => Object.fromEntries(KEYS.map((key) => [key, parseFloat(rect.getAttribute(key))]));

  const fontOf = (element) => {
    const style = getComputedStyle(element);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  };

  const shorten = (text, room) => {
    if (room <= 0) return "";
    if (pen.measureText(text).width <= room) return text;
    let length = Math.floor((text.length * room) / pen.measureText(text).width);
    while (length > 2 && pen.measureText(`${text.slice(0, length)}…`).width > room) length -= 1;
    return length > 2 ? `${text.slice(0, length)}…` : "";
  };

  const make = (name, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  };

  // A treemap: all packages, or one of them over the whole area.
  const treemap = (svg) => {
    const packages = [...svg.querySelectorAll(".package")].map((group) => ({
      name: group.dataset.name,
      group,
      place: shares(group.querySelector(".frame")),
      rects: [...group.querySelectorAll("rect")].map((rect) => [rect, shares(rect)]),
    }));
    const labels = [...svg.querySelectorAll(".label")];
    const layer = svg.querySelector(".labels");
    let view = WHOLE;
    let chosen = null;

    const seen = (place) => ({
      x: ((place.x - view.x) / view.width) * svg.clientWidth,
      y: ((place.y - view.y) / view.height) * svg.clientHeight,
      width: (place.width / view.width) * svg.clientWidth,
      height: (place.height / view.height) * svg.clientHeight,
    });

    const write = (text, place, lines) => {
      const at = seen(place);
      fontOf(text);
      const name = shorten(lines[0], at.width - 14);
      const second = at.height >= 46 && shorten(lines[1], at.width - 14) === lines[1];
      const shown = name === "" || at.height < 22 ? [] : [name, ...(second ? [lines[1]] : [])];
      text.replaceChildren(
        ...shown.map((line, index) =>
          make("tspan", { x: at.x + 8, y: at.y + 19 + 17 * index, class: index ? "size" : "name" }, line),
        ),
      );
    };

    const fit = () => {
      if (!svg.clientWidth) return;
      for (const old of layer.querySelectorAll(".detail")) old.remove();
      for (const [index, label] of labels.entries()) {
        if (chosen) label.replaceChildren();
        else write(label, packages[index].place, [label.dataset.name, label.dataset.size]);
      }
      if (!chosen) return;
      for (const [rect, place] of chosen.rects) {
        const at = seen(place);
        if (!rect.classList.contains("leaf") || at.width < 44 || at.height < 22) continue;
        const [path, size] = rect.querySelector("title").textContent.split("\n");
        const text = make("text", { class: "detail" });
        layer.append(text);
        write(text, place, [path.split("/").slice(-1)[0].replace(/\.cpython-\d+\.pyc$/, ".pyc"), size.split(",")[0]]);
      }
    };

    const choose = (name) => {
      chosen = packages.find((one) => one.name === name) ?? null;
      view = chosen ? chosen.place : WHOLE;
      svg.classList.toggle("zoomed", chosen !== null);
      for (const one of packages) {
        one.group.classList.toggle("chosen", one === chosen);
        for (const [rect, place] of one.rects) {
          rect.setAttribute("x", `${((place.x - view.x) / view.width) * 100}%`);
          rect.setAttribute("y", `${((place.y - view.y) / view.height) * 100}%`);
          rect.setAttribute("width", `${(place.width / view.width) * 100}%`);
          rect.setAttribute("height", `${(place.height / view.height) * 100}%`);
        }
      }
      fit();
    };

    new ResizeObserver(fit).observe(svg);
    return { svg, choose };
  };

  const maps = [...document.querySelectorAll(".treemap")].map(treemap);
  const crumbs = document.querySelector(".crumbs");
  const everything = crumbs.querySelector(".where").textContent;
  const choosePackage = (name) => {
    for (const map of maps) map.choose(name);
    crumbs.querySelector(".reset").hidden = !name;
    crumbs.querySelector(".where").textContent = name ?? everything;
  };
  for (const { svg } of maps) {
    svg.addEventListener("click", (event) => {
      const group = event.target.closest(".package");
      if (group) choosePackage(svg.classList.contains("zoomed") ? null : group.dataset.name);
    });
  }
  crumbs.querySelector(".reset").addEventListener("click", () => choosePackage(null));
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      choosePackage(button.dataset.zoom);
      crumbs.scrollIntoView({ block: "start" });
    });
  }

  // A flame chart: the whole time, or that of one frame over the whole width.
  for (const svg of document.querySelectorAll(".flame")) {
    const frames = [...svg.querySelectorAll(".frame")].map((group) => {
      const rect = group.querySelector("rect");
      return { group, rect, text: group.querySelector("text"), place: shares(rect), name: group.dataset.name };
    });
    const axis = svg.querySelector(".axis");
    const reset = svg.closest("figure").querySelector(".reset");
    let view = { x: 0, width: 100 };

    const draw = () => {
      if (!svg.clientWidth) return;
      fontOf(frames[0].text);
      for (const { group, rect, text, place, name } of frames) {
        const left = Math.max(0, ((place.x - view.x) / view.width) * 100);
        const right = Math.min(100, ((place.x + place.width - view.x) / view.width) * 100);
        group.style.display = right - left > 0.02 ? "" : "none";
        if (right - left <= 0.02) continue;
        rect.setAttribute("x", `${left}%`);
        rect.setAttribute("width", `${right - left}%`);
        text.setAttribute("x", `${left}%`);
        const room = ((right - left) / 100) * svg.clientWidth - 10;
        const last = name.split(".").slice(-1)[0];
        text.textContent = pen.measureText(name).width > room ? shorten(last, room) : name;
      }
      // The marks are those of the whole.
      axis.style.display = view.width === 100 ? "" : "none";
      reset.hidden = view.width === 100;
    };

    svg.addEventListener("click", (event) => {
      const frame = frames.find(({ group }) => group === event.target.closest(".frame"));
      if (!frame) return;
      const whole = frame.place.width === view.width || frame.place.width > 99;
      view = whole ? { x: 0, width: 100 } : { x: frame.place.x, width: frame.place.width };
      draw();
    });
    reset.addEventListener("click", () => {
      view = { x: 0, width: 100 };
      draw();
    });
    new ResizeObserver(draw).observe(svg);
  }
})();
