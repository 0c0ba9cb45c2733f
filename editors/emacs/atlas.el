;;; atlas.el --- Solve and repair Python functions, proved in a sandbox  -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "26.3") (eglot "1.9"))

;;; Commentary:

;; Starts `atlas-lsp' with eglot and adds M-x atlas-solve and friends.
;; No logic lives here: every decision about a text is the server's.
;; eglot runs one server per buffer; README.md says how to have two.

;;; Code:

(require 'eglot)

(defgroup atlas nil "Solve and repair Python functions." :group 'tools)

(defcustom atlas-command '("atlas-lsp")
  "How the server is started."
  :type '(repeat string))

(defcustom atlas-options nil
  "Settings for the server, a property list such as (:apply \"ask\")."
  :type 'plist)

(defconst atlas--kind "refactor.rewrite.atlas.")

;;;###autoload
(defun atlas-setup ()
  "Let eglot start Atlas in Python buffers."
  (add-to-list 'eglot-server-programs
               `(python-mode . (,@atlas-command
                                :initializationOptions ,(or atlas-options eglot--{})))))

(defun atlas--server ()
  (or (eglot-current-server) (user-error "Atlas: no server in this buffer; M-x eglot")))

(defun atlas--ask (method params)
  "Ask the server, after telling it what changed in the buffer."
  (eglot--signal-textDocument/didChange)
  (jsonrpc-request (atlas--server) method params :timeout 10))

(defun atlas--actions (kind)
  "The code actions of KIND at point; an error where there is none."
  (let* ((here (eglot--pos-to-lsp-position))
         (found (atlas--ask :textDocument/codeAction
                            (list :textDocument (eglot--TextDocumentIdentifier)
                                  :range (list :start here :end here)
                                  :context (list :diagnostics []
                                                 :only (vector (concat atlas--kind kind))
                                                 :triggerKind 1)))))
    (or (append found nil) (user-error "Atlas: nothing to %s here" kind))))

(defun atlas--action (kind)
  "The first code action of KIND at point."
  (car (atlas--actions kind)))

(defun atlas--chosen (actions)
  "The one of ACTIONS that the user wants; no question where there is one only."
  (if (cdr actions)
      (let ((titles (mapcar (lambda (one) (cons (plist-get one :title) one)) actions)))
        (cdr (assoc (completing-read "Atlas: " titles nil t) titles)))
    (car actions)))

(defun atlas--command (name &optional arguments)
  (atlas--ask :workspace/executeCommand
              (list :command name :arguments (or arguments []))))

(defun atlas--start (kind)
  (let ((command (plist-get (atlas--action kind) :command)))
    (atlas--command (plist-get command :command) (plist-get command :arguments))))

(defun atlas-solve () "Solve the function at point." (interactive) (atlas--start "solve"))

(defun atlas-repair () "Repair the function at point." (interactive) (atlas--start "repair"))

(defun atlas-tests () "Generate tests for the function at point." (interactive) (atlas--start "tests"))

(defun atlas-apply ()
  "Apply what is finished for the function at point; ask which, where there are several edits."
  (interactive)
  (let ((edit (plist-get (atlas--chosen (atlas--actions "apply")) :edit)))
    ;; Newer eglots want to know who asks.
    (condition-case nil
        (eglot--apply-workspace-edit edit)
      (wrong-number-of-arguments (eglot--apply-workspace-edit edit this-command)))))

(defun atlas-cancel () "Cancel all jobs." (interactive) (atlas--command "atlas.cancel"))

(defun atlas-stop () "Stop all jobs, keep the best." (interactive) (atlas--command "atlas.stop"))

(defun atlas-check ()
  "Run the doctests of this file and show those that fail."
  (interactive)
  (atlas--command "atlas.check" (vector (plist-get (eglot--TextDocumentIdentifier) :uri))))

(defun atlas-evidence ()
  "Show what ran for the function at point, and what came out."
  (interactive)
  (let* ((command (plist-get (atlas--action "show") :command))
         (found (atlas--command "atlas.evidence" (plist-get command :arguments))))
    (with-current-buffer (get-buffer-create "*atlas evidence*")
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (plist-get found :markdown)))
      (special-mode)
      (display-buffer (current-buffer)))))

(provide 'atlas)
;;; atlas.el ends here
