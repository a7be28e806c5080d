-- AlterTable
ALTER TABLE "review_task" ADD COLUMN     "reminded_at" TIMESTAMPTZ(3);

-- A task's reminder comes before its escalation.
ALTER TABLE review_task ADD CONSTRAINT review_reminded_before_escalated
  CHECK (reminded_at <= escalated_at);
-- The queue by due time; the history of one task. Other records of the audit log pay nothing for it.
CREATE INDEX review_task_due ON review_task (store_id, due_at, id);
CREATE INDEX audit_record_of_review ON audit_record (subject_id, id) WHERE action LIKE 'review.%';
