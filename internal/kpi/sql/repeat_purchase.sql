-- Of the customers who bought in a month, those who had bought in an earlier one. Orders count; invoices where a source has no orders.
WITH {{template "people"}},
bought AS (
  SELECT account, document_month AS month FROM crm_sales_document
  WHERE source = {{source}} AND document_month <= {{last}} AND account <> '' AND deleted_at IS NULL AND merged_into IS NULL
    AND kind = CASE WHEN EXISTS (SELECT 1 FROM crm_sales_document WHERE source = {{source}} AND kind = 'order') THEN 'order' ELSE 'invoice' END
  GROUP BY account, document_month
),
customer AS (
  SELECT ext_id AS id, ext_id AS account, owner FROM crm_account WHERE source = {{source}} AND merged_into IS NULL AND deleted_at IS NULL
  UNION ALL
  SELECT a.ext_id, b.ext_id, b.owner FROM crm_account a JOIN crm_account b ON b.source = a.source AND b.ext_id = a.merged_into
  WHERE a.source = {{source}} AND b.merged_into IS NULL AND b.deleted_at IS NULL
),
buyer AS (SELECT c.account AS account, MIN(c.owner) AS owner, b.month AS month FROM bought b JOIN customer c ON c.id = b.account GROUP BY c.account, b.month),
begun AS (SELECT account, MIN(month) AS month FROM buyer GROUP BY account),
counted AS (
  SELECT b.month AS month, m.team AS team, COUNT(*) AS buyers, SUM(CASE WHEN f.month < b.month THEN 1 ELSE 0 END) AS again
  FROM buyer b JOIN begun f ON f.account = b.account LEFT JOIN member m ON m.id = b.owner
  WHERE b.month >= {{first}}
  GROUP BY b.month, m.team
)
SELECT month, team, again AS numerator, buyers AS denominator, buyers AS n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', SUM(again), SUM(buyers), SUM(buyers) FROM counted GROUP BY month
