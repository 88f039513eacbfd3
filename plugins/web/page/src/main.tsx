// The page starts here.
import { createRoot } from "react-dom/client";
import { App } from "app";
import { Speaking } from "words";
import "style/base.css";
import "style/parts.css";
import "style/frame.css";
import "style/search.css";
import "style/results.css";
import "style/mail.css";
import "style/overview.css";
import "style/tables.css";

const root = document.getElementById("page");
if (root) {
  createRoot(root).render(
    <Speaking>
      <App />
    </Speaking>,
  );
}
