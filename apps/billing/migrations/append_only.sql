-- The ledger only grows: entries are never changed, and they go only when their whole project goes.
CREATE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM accounts_project WHERE id = OLD.project_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The ledger is append-only: entries are never changed or deleted.' USING ERRCODE = '23001';
END
$$;

CREATE TRIGGER billing_append_only BEFORE UPDATE OR DELETE ON billing_ledgerentry
FOR EACH ROW EXECUTE FUNCTION billing_refuse_change();

CREATE FUNCTION billing_forget_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM billing_ledgerentry WHERE project_id = OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER billing_forget_project AFTER DELETE ON accounts_project
FOR EACH ROW EXECUTE FUNCTION billing_forget_project();
