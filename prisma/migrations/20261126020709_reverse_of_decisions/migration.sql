-- AlterTable
ALTER TABLE "review_decision" ADD COLUMN     "reverse" JSONB;
