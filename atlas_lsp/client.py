"""What the client at the other end can do, and what it is known to get wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsprotocol import types

REFUSES_STALE_EDITS = (
    "visual studio code",
    "code - oss",
    "vscodium",
    "cursor",
    "windsurf",
    "coc.nvim",
    "eglot",
    "emacs",
    "lsp-mode",
    "helix",
    "sublime text lsp",
)
"""Clients that compare the version of an edit with their buffer's before they apply it.

All others may change text that we have not seen yet, so they are never sent an edit unasked:
there the edit waits in the code actions, and asking for those brings us the newest text.
"""

ASKS_BESIDE_THE_TEXT = (
    "visual studio code",
    "code - oss",
    "vscodium",
    "cursor",
    "windsurf",
    "sublime text lsp",
    "zed",
)
"""Clients whose questions wait in a corner for a click.

All others may stop the editor and take the next key that is typed as the answer (Neovim's
`inputlist`, the minibuffer of Emacs, the menu of Helix), so they are never asked.
"""


@dataclass(frozen=True, kw_only=True)
class Manners:
    """What a plugin of ours says of itself, as `capabilities.experimental.atlas`.

    It is a capability and no setting, because settings may come from a repository.
    """

    refuses_stale_edits: bool = False
    asks_beside_the_text: bool = False
    takes_results: bool = False
    """It shows results itself, from `atlas/finished`, `atlas/proposed` and `atlas/failed`."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """A view of the `initialize` parameters; None where the client said nothing."""

    capabilities: types.ClientCapabilities
    name: str = ""
    version: str = ""
    manners: Manners = Manners()

    @property
    def can_show_progress(self) -> bool:
        window = self.capabilities.window
        return bool(window and window.work_done_progress)

    @property
    def can_ask(self) -> bool:
        """A question would be answered by somebody who read it, not by typing into the text."""
        window = self.capabilities.window
        beside = self.manners.asks_beside_the_text or self._is_one_of(ASKS_BESIDE_THE_TEXT)
        return beside and bool(window and window.show_message)

    @property
    def can_show_documents(self) -> bool:
        window = self.capabilities.window
        return bool(window and window.show_document and window.show_document.support)

    @property
    def can_configure(self) -> bool:
        workspace = self.capabilities.workspace
        return bool(workspace and workspace.configuration)

    @property
    def can_watch_settings(self) -> bool:
        workspace = self.capabilities.workspace
        found = workspace and workspace.did_change_configuration
        return bool(found and found.dynamic_registration)

    @property
    def can_be_told_of_ghosts(self) -> bool:
        """pygls knows no static way to offer `textDocument/inlineCompletion`."""
        text = self.capabilities.text_document
        found = text and text.inline_completion
        return bool(found and found.dynamic_registration)

    @property
    def can_watch_files(self) -> bool:
        workspace = self.capabilities.workspace
        found = workspace and workspace.did_change_watched_files
        return bool(found and found.dynamic_registration)

    @property
    def can_refresh_lenses(self) -> bool:
        workspace = self.capabilities.workspace
        return bool(workspace and workspace.code_lens and workspace.code_lens.refresh_support)

    @property
    def can_annotate(self) -> bool:
        edit = self._edit
        return bool(edit and edit.change_annotation_support and self.takes_document_changes)

    @property
    def can_disable_actions(self) -> bool:
        action = self._code_action
        return bool(action and action.disabled_support)

    @property
    def can_tag_actions(self) -> bool:
        action = self._code_action
        if self.manners.takes_results:
            # VS Code sorts what is tagged to the end: *Apply* would come below *Solve*.
            return False
        tags = action.tag_support.value_set if action and action.tag_support else ()
        return types.CodeActionTag.LlmGenerated in tags

    @property
    def shows_markdown(self) -> bool:
        text = self.capabilities.text_document
        formats = text.hover.content_format if text and text.hover else None
        return types.MarkupKind.Markdown in (formats or ())

    @property
    def takes_document_changes(self) -> bool:
        """Neovim leaves the flag out and takes them all the same; it names resource operations."""
        edit = self._edit
        return bool(edit and (edit.document_changes or edit.resource_operations))

    @property
    def can_create_files(self) -> bool:
        operations = self._edit.resource_operations if self._edit else None
        return types.ResourceOperationKind.Create in (operations or ())

    @property
    def prefers_lenses(self) -> bool:
        """Lenses are at home in VS Code; elsewhere they are noise until asked for."""
        return self.manners.takes_results or "visual studio code" in self.name.lower()

    @property
    def takes_edits(self) -> bool:
        workspace = self.capabilities.workspace
        return bool(workspace and workspace.apply_edit)

    def may_send_edit(self, version: int | None) -> bool:
        """An edit that we send by ourselves cannot land in a text we have not seen."""
        if not (self.takes_edits and self.takes_document_changes) or version is None:
            return False
        if self._is_neovim:
            # Neovim does not check version 0.
            return version > 0
        return self.manners.refuses_stale_edits or self._is_one_of(REFUSES_STALE_EDITS)

    def _is_one_of(self, names: Sequence[str]) -> bool:
        return any(name in self.name.lower() for name in names)

    @property
    def _is_neovim(self) -> bool:
        return bool(re.fullmatch(r"neovim", self.name, re.IGNORECASE))

    @property
    def _edit(self) -> types.WorkspaceEditClientCapabilities | None:
        workspace = self.capabilities.workspace
        return workspace.workspace_edit if workspace else None

    @property
    def _code_action(self) -> types.CodeActionClientCapabilities | None:
        text = self.capabilities.text_document
        return text.code_action if text else None


def client_of(params: types.InitializeParams) -> Client:
    info = params.client_info
    return Client(
        capabilities=params.capabilities,
        name=info.name if info else "",
        version=(info.version or "") if info else "",
        manners=_manners_of(params.capabilities.experimental),
    )


def _manners_of(experimental: object) -> Manners:
    said = experimental.get("atlas") if isinstance(experimental, Mapping) else None
    if not isinstance(said, Mapping):
        return Manners()
    return Manners(
        refuses_stale_edits=said.get("refusesStaleEdits") is True,
        asks_beside_the_text=said.get("asksBesideTheText") is True,
        takes_results=said.get("takesResults") is True,
    )
