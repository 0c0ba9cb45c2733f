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
               `((python-mode python-ts-mode)
                 . (,@atlas-command
                    :initializationOptions ,(or atlas-options (make-hash-table))))))

(defun atlas--server ()
  (or (eglot-current-server) (user-error "Atlas: no server in this buffer; M-x eglot")))

(defun atlas--ask (method params)
  "Ask the server, after telling it what changed in the buffer."
  (eglot--signal-textDocument/didChange)
  (jsonrpc-request (atlas--server) method params :timeout 10))

(defun atlas--actions (&rest kinds)
  "The code actions of KINDS at point; an error where there is none."
  (atlas--server)
  (eglot--signal-textDocument/didChange)
  (or (apply #'append
             (mapcar (lambda (kind)
                       (eglot-code-actions (point) (point) (concat atlas--kind kind)))
                     kinds))
      (user-error "Atlas: nothing to %s here" (car kinds))))

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
  (let ((edit (plist-get (atlas--chosen (atlas--actions "apply" "apply.answer")) :edit)))
    ;; Newer eglots want to know who asks.
    (condition-case nil
        (eglot--apply-workspace-edit edit)
      (wrong-number-of-arguments (eglot--apply-workspace-edit edit this-command)))))

(defun atlas--end (command done)
  "Tell how many jobs COMMAND ended, in the word DONE."
  (let ((n (atlas--command command)))
    (message "Atlas: %s" (if (eql n 0) "nothing runs" (format "%s %s" done n)))))

(defun atlas-cancel () "Cancel all jobs." (interactive) (atlas--end "atlas.cancel" "cancelled"))

(defun atlas-stop () "Stop all jobs, keep the best." (interactive) (atlas--end "atlas.stop" "stopped"))

(defun atlas-check ()
  "Run the doctests of this file and show those that fail."
  (interactive)
  (atlas--command "atlas.check" (vector (plist-get (eglot--TextDocumentIdentifier) :uri))))

(defun atlas--show (name text mode)
  "Show TEXT beside the code, read-only, in a buffer NAME with MODE; q closes it."
  (with-current-buffer (get-buffer-create name)
    (let ((inhibit-read-only t))
      (erase-buffer)
      (insert text)
      (funcall mode)
      (goto-char (point-min)))
    (view-mode 1)
    (display-buffer (current-buffer))))

(defun atlas--result ()
  "The texts of the result for the function at point."
  (atlas--command "atlas.result"
                  (plist-get (plist-get (atlas--action "show") :command) :arguments)))

(defun atlas-evidence ()
  "Show what ran for the function at point, and what came out."
  (interactive)
  (atlas--show "*atlas evidence*" (plist-get (atlas--result) :markdown) #'text-mode))

(defun atlas-diff ()
  "Show the result for the function at point as a diff."
  (interactive)
  (atlas--show "*atlas diff*" (or (plist-get (atlas--result) :diff) "") #'diff-mode))

(provide 'atlas)
;;; atlas.el ends here
