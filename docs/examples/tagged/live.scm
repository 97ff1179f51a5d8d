; A program with much live data.
;
;     tagged live.scm MEGABYTES [WRITE]
;
; Builds lists, strings and vectors of together so many megabytes, all of them live, and checks what
; they hold after collections. WRITE 1: every byte is written; else the larger vectors stay as fresh
; memory but for a word in each megabyte. Want of memory is an error like any other: what was built
; is dropped, and the program goes on with a smaller amount.

(define megabytes (argument 0 64))
(define write-all (= (argument 1 0) 1))

; ---- Parts: (KIND NUMBER DATA CHECKSUM) ----

(define vector-slots 4194302) ; with its header 16 MB
(define (each-megabyte f)
  (let ((i 0)) (while (< i vector-slots) (f i) (set! i (+ i 262144)))))
(define (make-vector-part number)
  (let ((v (make-vector vector-slots)))
    (if write-all
        (fill! v number)
        (each-megabyte (lambda (i) (vector-set! v i (+ number i)))))
    (list 'vector number v 0)))
(define (vector-right? number v)
  (let ((right #t))
    (each-megabyte (lambda (i) (if (= (vector-ref v i) (+ number i)) #t (set! right #f))))
    (and right (or (not write-all) (= (vector-ref v (- vector-slots 1))
                                      (+ number (- vector-slots 1)))))))

(define (make-list-part number) ; 16 MB
  (let ((l (iota 2097152 number)))
    (list 'list number l (checksum l))))
(define (make-string-part number) ; 64 strings of 64 KB, and 64 vectors of so many bytes: 8 MB
  (let ((i 0) (data '()))
    (while (< i 64)
      (let ((s (fill! (make-string 65528) (+ number i))))
        (set! data (cons (cons s (fill! (make-vector 16382) i)) data)))
      (set! i (+ i 1)))
    (list 'string number data (checksum (car (car data))))))

(define (part-right? part)
  (let ((kind (car part)) (number (car (cdr part))) (data (car (cdr (cdr part))))
        (sum (car (cdr (cdr (cdr part))))))
    (if (= kind 'vector) (vector-right? number data)
        (if (= kind 'list) (= (checksum data) sum)
            (= (checksum (car (car data))) sum)))))

; ---- All of it ----

; Of 256 MB, 32 are strings and small vectors, 32 are pairs (when all is written: 128).
(define (build-parts left number parts)
  (while (< 0 left)
    (set! number (+ number 1))
    (if (< (remainder number 16) (if write-all 8 2))
        (begin (set! parts (cons (make-list-part number) parts)) (set! left (- left 16)))
        (if (< (remainder number 16) (if write-all 10 4))
            (begin (set! parts (cons (make-string-part number) parts))
                   (set! parts (cons (make-string-part (+ number 1)) parts))
                   (set! left (- left 16)))
            (begin (set! parts (cons (make-vector-part number) parts)) (set! left (- left 16))))))
  parts)
(define (build left) (build-parts left 0 '()))
(define (right? parts) (or (null? parts) (and (part-right? (car parts)) (right? (cdr parts)))))

(define (run left)
  (let ((parts (catch (build left))))
    (if (error? parts)
        (print left "MB:" parts)
        (begin
          (gc)
          (print left "MB: live" (if (< (+ (live-megabytes) 1) left) "too little" "all")
                 "contents" (if (right? parts) "right" "WRONG"))))))

(run megabytes)
(gc)
(print "afterwards live:" (live-megabytes) "MB")
(print "addresses above 2 GB:" (< 2048 (top-megabytes)))
(build megabytes)
(print "the next expression runs")
(run 256)
(gc)
(print "afterwards live:" (live-megabytes) "MB")
